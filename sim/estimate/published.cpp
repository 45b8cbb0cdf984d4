#include "sim/estimate/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/estimate/csv.h"

namespace cyclescope::estimate {
namespace {

constexpr std::array<ResultVariant, 5> kVariants{ResultVariant::seed, ResultVariant::committed_pcie,
                                                 ResultVariant::seed_stated, ResultVariant::contradicted_claim,
                                                 ResultVariant::recomputed_only};

ResultVariant variant_of(const CsvRow& row) {
  std::string known;
  for (const ResultVariant variant : kVariants) {
    if (row.text("variant") == name(variant)) return variant;
    known += std::string(" ") + name(variant);
  }
  row.refuse("variant", "one of" + known);
}

Precision precision_of(const CsvRow& row) {
  try {
    return parse_precision(row.text("precision"));
  } catch (const InputError&) {
    row.refuse("precision", "one of INT4 INT8 BF16 FP16 FP32");
  }
}

/// Absent when the field is empty.
std::optional<PrintedNumber> printed(const CsvRow& row, const char* column) {
  const std::string& text = row.text(column);
  if (text.empty()) return {};
  std::optional<PrintedNumber> number = parse_printed(text);
  if (!number) row.refuse(column, "a decimal number from 0 on, or nothing");
  return number;
}

PublishedResult read_row(const CsvRow& row) {
  PublishedResult result;
  result.line = row.line();
  result.variant = variant_of(row);
  result.model = row.text("model");
  result.platform = row.text("platform");
  if (result.model.empty()) row.refuse("model", "a model");
  if (result.platform.empty()) row.refuse("platform", "a platform");
  result.precision = precision_of(row);
  result.label = row.text("repo_label");
  result.latency_ms = printed(row, "latency_ms");
  result.energy_mj = printed(row, "energy_mj");
  result.throughput_fps = printed(row, "throughput_fps");
  result.peak_memory_mib = printed(row, "peak_memory_mb");
  result.utilisation_percent = printed(row, "utilization_pct");
  result.memory_fit = row.text("memory_fit");
  result.source = row.text("source");
  result.confidence = row.text("confidence");
  result.note = row.text("note");
  result.recomputed_latency_ms = printed(row, "recomputed_latency_ms");
  result.recomputed_energy_mj = printed(row, "recomputed_energy_mj");
  result.compute_energy_mj = printed(row, "compute_energy_mj");
  result.memory_energy_mj = printed(row, "memory_energy_mj");
  result.static_energy_mj = printed(row, "static_energy_mj");
  result.pcie_latency_ms = printed(row, "pcie_latency_ms");
  result.pcie_energy_mj = printed(row, "pcie_energy_mj");
  result.compute_bound_operators = printed(row, "compute_bound_ops");
  result.operators = printed(row, "total_ops");
  return result;
}

}  // namespace

const char* name(ResultVariant variant) {
  switch (variant) {
    case ResultVariant::seed:
      return "seed";
    case ResultVariant::committed_pcie:
      return "committed_pcie";
    case ResultVariant::seed_stated:
      return "seed_stated";
    case ResultVariant::contradicted_claim:
      return "contradicted_claim";
    case ResultVariant::recomputed_only:
      return "recomputed_only";
  }
  throw InternalError("unknown variant of a published result");
}

std::optional<PrintedNumber> parse_printed(const std::string& text) {
  PrintedNumber number{text, 0, 0};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number.value, std::chars_format::fixed);
  const std::size_t point = text.find('.');
  if (parsed.ec != std::errc() || parsed.ptr != end || std::isdigit(static_cast<unsigned char>(text.front())) == 0 ||
      text.back() == '.') {
    return std::nullopt;
  }
  if (point != std::string::npos) number.decimals = static_cast<int>(text.size() - point - 1);
  return number;
}

bool PrintedNumber::is(double computed) const { return fmt::format("{:.{}f}", computed, decimals) == text; }

std::vector<PublishedResult> read_published_results(const std::string& directory) {
  const std::vector<std::string> columns{"variant",
                                         "model",
                                         "platform",
                                         "repo_label",
                                         "precision",
                                         "latency_ms",
                                         "energy_mj",
                                         "throughput_fps",
                                         "peak_memory_mb",
                                         "utilization_pct",
                                         "memory_fit",
                                         "source",
                                         "confidence",
                                         "note",
                                         "recomputed_latency_ms",
                                         "recomputed_energy_mj",
                                         "compute_energy_mj",
                                         "memory_energy_mj",
                                         "static_energy_mj",
                                         "pcie_latency_ms",
                                         "pcie_energy_mj",
                                         "compute_bound_ops",
                                         "total_ops"};
  std::vector<PublishedResult> results;
  for (const CsvRow& row : read_csv((std::filesystem::path(directory) / "results.csv").string(), columns)) {
    results.push_back(read_row(row));
  }
  return results;
}

}  // namespace cyclescope::estimate
