// What the public estimator published, stated or would have printed: DIRECTORY/results.csv. Figures stay as printed,
// because the digits are what is to be reproduced. DIRECTORY is configs/estimator; its README explains the variants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/precision.h"

namespace cyclescope::estimate {

/// A number as printed.
struct PrintedNumber {
  std::string text;  ///< `27.9`
  double value = 0;
  int decimals = 0;  ///< digits after the point

  /// Whether `computed`, printed with as many decimals (exact ties to even), gives the same text.
  [[nodiscard]] bool is(double computed) const;
};

/// The number that the text is (`12`, `12.50`); nothing when it is no decimal number from 0 on.
std::optional<PrintedNumber> parse_printed(const std::string& text);

/// How a row came about.
enum class ResultVariant : std::uint8_t {
  seed,                ///< published table of 9 November 2025, before PCIe streaming
  committed_pcie,      ///< published table of the same commit, with PCIe streaming (Hailo-8)
  seed_stated,         ///< stated in the note that came with the table
  contradicted_claim,  ///< stated, but contradicts the published table
  recomputed_only      ///< never published: the formulas applied to H100 and Coral
};

/// `seed`, `committed_pcie`, ...
const char* name(ResultVariant variant);

/// One row. A figure that the row does not state is absent.
struct PublishedResult {
  int line = 0;  ///< of the file
  ResultVariant variant = ResultVariant::seed;
  std::string model;     ///< `resnet50`
  std::string platform;  ///< `kpu-t64`
  Precision precision = Precision::int8;
  std::string label;  ///< the estimator's name of the platform
  std::optional<PrintedNumber> latency_ms;
  std::optional<PrintedNumber> energy_mj;
  std::optional<PrintedNumber> throughput_fps;
  std::optional<PrintedNumber> peak_memory_mib;
  std::optional<PrintedNumber> utilisation_percent;
  std::string memory_fit;  ///< `pass`, `pass (no check yet)`, `fail (memory)` or empty
  std::string source;
  std::string confidence;  ///< that the row is what it says
  std::string note;
  // Recomputed from the same formulas by others, with four decimals.
  std::optional<PrintedNumber> recomputed_latency_ms;
  std::optional<PrintedNumber> recomputed_energy_mj;
  std::optional<PrintedNumber> compute_energy_mj;
  std::optional<PrintedNumber> memory_energy_mj;
  std::optional<PrintedNumber> static_energy_mj;
  std::optional<PrintedNumber> pcie_latency_ms;
  std::optional<PrintedNumber> pcie_energy_mj;
  std::optional<PrintedNumber> compute_bound_operators;  ///< whose compute time exceeds their memory time
  std::optional<PrintedNumber> operators;
};

/// Reads all rows, in file order. Throws InputError with file and line: as read_csv; an unknown variant or precision,
/// no model or platform, a figure that is no decimal number from 0 on.
std::vector<PublishedResult> read_published_results(const std::string& directory);

}  // namespace cyclescope::estimate
