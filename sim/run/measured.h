// Published measurements on silicon, and what of them can be simulated: configs/measured, three tables as data.
//
//   measured.csv   a row per published number
//   platforms.csv  platform,vendor_platform_name,conditions,simulated_as,set,reason: the first line with the platform and
//                  board of a row whose `conditions` are part of the row's says what the row is simulated on, with which
//                  settings (`key=VALUE UNIT`, separated by ';'), or the reason why it is not
//   networks.csv   platform,model,input_shape,trace,counted,remark: the trace of a row's network; `counted` is yes or no,
//                  no where the network differs from the measured one
#pragma once

#include <string>
#include <vector>

namespace cyclescope::run {

/// A row of measured.csv as published.
struct Measurement {
  int line = 0;             ///< of the file
  std::string platform;     ///< `Hailo-8`
  std::string board;        ///< column vendor_platform_name
  std::string model;        ///< `resnet_v1_50`
  std::string input_shape;  ///< `224x224x3`: height, width, channels; may be empty
  std::string precision;    ///< `INT8 (w8a8)`
  std::string batch;        ///< `8`, `offline (large batch)`
  std::string metric;       ///< `throughput_fps`
  std::string text;         ///< the value as published
  double value = 0;         ///< above 0, in the unit that the metric names
  std::string conditions;
  std::string source;
  std::string date;
  std::string notes;
  std::vector<std::string> fitted_by;  ///< settings that were fitted to this row
};

struct PlatformRule {
  int line = 0;
  std::string platform;
  std::string board;
  std::string conditions;         ///< part of the row's; empty: any
  std::string simulated_as;       ///< `hailo-8`
  std::vector<std::string> sets;  ///< as --set takes them
  std::string reason;             ///< why it is not simulated, else empty
};

struct NetworkRule {
  int line = 0;
  std::string platform;
  std::string model;
  std::string input_shape;
  std::string trace;  ///< of the library
  bool counted = true;
  std::string remark;
};

/// The three tables.
struct Measured {
  std::string directory;
  std::vector<Measurement> rows;
  std::vector<PlatformRule> platforms;
  std::vector<NetworkRule> networks;

  /// The line that decides about the row. InternalError for a row of another table.
  [[nodiscard]] const PlatformRule& platform_of(const Measurement& row) const;
  /// nullptr for a network without a line.
  [[nodiscard]] const NetworkRule* network_of(const Measurement& row) const;
};

/// Throws InputError with file and line: a table as estimate::read_csv refuses it, an empty name, a value that is no
/// decimal number above 0, `counted` other than yes or no, a row that no line of platforms.csv covers, two lines of
/// networks.csv for one network.
Measured read_measured(const std::string& directory);

}  // namespace cyclescope::run
