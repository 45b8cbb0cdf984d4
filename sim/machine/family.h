// What a machine family offers to the command line. Families are listed in one table (sim/run/registry.h).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/precision.h"
#include "sim/config/settings.h"
#include "sim/ledger/ledger.h"
#include "sim/results/result.h"
#include "workloads/fusion.h"
#include "workloads/graph.h"

namespace cyclescope::machine {

/// Faults that tests inject so that each law's mutant turns red. All off in use.
struct Faults {
  ledger::Faults ledger;
  std::int64_t drop_byte_of_packet = -1;  ///< ordinal of the network packet that loses a byte
  int lost_result_slots = 0;              ///< credits lost on every tile's way out
};

/// What the user asked of a run.
struct RunOptions {
  Precision precision = Precision::int8;
  std::string initial_state = "steady";  ///< steady | cold
  std::int64_t batch = 1;
  bool strict_precision = false;  ///< refuse anything not native
  bool ledgers = true;            ///< off: no attribution; changes no cycle
  Faults faults;                  ///< tests only
};

/// One row of `explain --mapping`: named values, the same names in every row of a mapping.
struct MappingRow {
  struct Field {
    std::string name;
    std::variant<std::int64_t, std::string> value;
  };
  std::vector<Field> fields;

  /// Throw InternalError for a name that the row does not have or that is of the other kind.
  [[nodiscard]] std::int64_t integer(const std::string& field) const;
  [[nodiscard]] const std::string& text(const std::string& field) const;
};

/// Tiles of a machine: columns and rows; none where tiles form no mesh.
struct MeshSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// A frame of a sequence; instants relative to its beginning.
struct ServedFrame {
  Femtoseconds arrival = 0;  ///< when it was there to be served
  Femtoseconds start = 0;
  Femtoseconds end = 0;  ///< last output byte in home memory
};

/// Frames of a sequence, in the order of their arrivals.
struct ServedFrames {
  std::string precision_label;  ///< as of a result: native, fallback, substituted
  std::vector<ServedFrame> frames;
};

/// A machine family: one folder under arch/.
class Family {
 public:
  virtual ~Family() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual config::Schema schema() const = 0;
  /// MACs per clock of the whole machine at a precision, times four; 0: it does not execute it. Throws InputError.
  [[nodiscard]] virtual std::int64_t quarter_macs(const config::Settings& settings, Precision precision) const = 0;
  /// How its tiles stand. Throws InputError.
  [[nodiscard]] virtual MeshSize mesh_size(const config::Settings& settings) const;
  /// What it executes as one, in the order of the operators of a result. A group whose primary operator is NAME has one
  /// operator `NAME` in the result, and may have others before it, `NAME (...)`.
  [[nodiscard]] virtual std::vector<workloads::FusedGroup> groups(const workloads::Graph& graph) const = 0;
  /// Lowers without simulating. Throws NotModelled naming operator and node.
  [[nodiscard]] virtual std::vector<MappingRow> mapping(const workloads::Graph& graph, const config::Settings& settings,
                                                        const RunOptions& options) const = 0;
  /// Simulates; fills everything of the result except platform, version and settings. One call per process.
  [[nodiscard]] virtual results::RunResult run(const workloads::Graph& graph, const config::Settings& settings,
                                               const RunOptions& options) const = 0;
  /// Simulates consecutive frames on one machine (machine.h: serve), unbooked. One call per process. Throws NotModelled
  /// where the family cannot do it.
  [[nodiscard]] virtual ServedFrames serve(const workloads::Graph& graph, const config::Settings& settings,
                                           const RunOptions& options, const std::vector<Femtoseconds>& arrivals) const;
};

}  // namespace cyclescope::machine
