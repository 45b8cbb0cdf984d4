#include "sim/run/claim_metrics.h"

#include <algorithm>

namespace cyclescope::run {
namespace {

using Figure = std::optional<double>;
using Estimate = estimate::BranesEstimate;
using results::RunResult;

constexpr double kFemto = 1e15;
constexpr double kMilli = 1e3;
constexpr double kMega = 1e6;
constexpr double kTera = 1e12;
constexpr double kPico = 1e12;
constexpr double kPercent = 100;
constexpr double kMebi = 1024.0 * 1024.0;
constexpr double kOpsPerMac = 2;

double real(std::int64_t value) { return static_cast<double>(value); }

Figure over(double value, double divisor) { return divisor == 0 ? Figure() : Figure(value / divisor); }

double seconds(const RunResult& result) { return real(result.makespan) / kFemto; }
double joules(const RunResult& result) { return real(result.total_energy_fj()) / kFemto; }
double bytes(const RunResult& result) { return real(result.dram_read_bytes + result.dram_write_bytes); }

/// Joules of components that a result may have; nothing when it has none of them.
Figure components(const RunResult& result, const std::vector<std::string>& names) {
  Figure sum;
  for (const std::string& name : names) {
    const auto found = result.energy_fj.find(name);
    if (found != result.energy_fj.end()) sum = sum.value_or(0) + real(found->second) / kFemto;
  }
  return sum;
}

Figure scaled(Figure figure, double factor) { return figure ? Figure(*figure * factor) : Figure(); }

Figure power(const ClaimRow& row) { return over(joules(*row.result), seconds(*row.result)); }
Figure estimated_power(const ClaimRow&, const Estimate& estimate) {
  return over(estimate.energy.total(), estimate.latency());
}

std::vector<ClaimMetric> performance() {
  return {
      {"latency", "ms", ClaimLedger::path, [](const ClaimRow& row) { return Figure(seconds(*row.result) * kMilli); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.latency() * kMilli); }},
      {"throughput", "frames/s", ClaimLedger::path,
       [](const ClaimRow& row) { return Figure(row.result->frames_per_second()); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.throughput()); }},
      {"utilisation", "%", ClaimLedger::path,
       [](const ClaimRow& row) { return Figure(real(row.result->utilisation_ppm()) / kMega * kPercent); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.utilisation * kPercent); }},
      {"peak", "TOPS", ClaimLedger::none,
       [](const ClaimRow& row) { return Figure(kOpsPerMac * real(row.result->peak_macs_per_second) / kTera); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.peak / kTera); }},
      {"clock", "MHz", ClaimLedger::none,
       [](const ClaimRow& row) { return Figure(real(row.result->clock_hz) / kMega); },
       [](const ClaimRow&, const Estimate&) { return Figure(); }},
      {"native", "", ClaimLedger::none,
       [](const ClaimRow& row) { return Figure(row.result->precision_label == "native" ? 1 : 0); },
       [](const ClaimRow&, const Estimate&) { return Figure(1); }, 0},
      {"analysed", "", ClaimLedger::none, [](const ClaimRow&) { return Figure(1); },
       [](const ClaimRow&, const Estimate&) { return Figure(1); }, 0},
  };
}

std::vector<ClaimMetric> costs() {
  return {
      {"energy", "mJ", ClaimLedger::energy, [](const ClaimRow& row) { return Figure(joules(*row.result) * kMilli); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.energy.total() * kMilli); }},
      {"power", "W", ClaimLedger::energy, power, estimated_power},
      {"power_of_tdp", "", ClaimLedger::energy,
       [](const ClaimRow& row) { return scaled(power(row), 1 / row.thermal_power); },
       [](const ClaimRow& row, const Estimate& estimate) {
         return scaled(estimated_power(row, estimate), 1 / row.thermal_power);
       }},
      {"compute_energy", "mJ", ClaimLedger::energy,
       [](const ClaimRow& row) {
         return scaled(components(*row.result, {"array", "vector"}), kMilli);
       },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(estimate.energy.compute * kMilli); }},
      {"static_share", "%", ClaimLedger::energy,
       [](const ClaimRow& row) {
         const Figure idle = components(*row.result, {"idle"});
         return idle ? over(*idle * kPercent, joules(*row.result)) : Figure();
       },
       [](const ClaimRow&, const Estimate& estimate) {
         return over(estimate.energy.static_power * kPercent, estimate.energy.total());
       }},
      {"byte_energy", "pJ/B", ClaimLedger::energy,
       [](const ClaimRow& row) {
         const Figure memory = components(*row.result, {"dram", "dram_phy"});
         return memory ? over(*memory * kPico, bytes(*row.result)) : Figure();
       },
       [](const ClaimRow& row, const Estimate& estimate) {
         return over(estimate.energy.memory * kPico, real(row.moved_bytes));
       }},
      {"traffic", "MB", ClaimLedger::traffic, [](const ClaimRow& row) { return Figure(bytes(*row.result) / kMega); },
       [](const ClaimRow& row, const Estimate&) { return Figure(real(row.moved_bytes) / kMega); }},
      {"memory", "MiB", ClaimLedger::none,
       [](const ClaimRow& row) { return Figure(real(row.result->peak_memory_bytes) / kMebi); },
       [](const ClaimRow&, const Estimate& estimate) { return Figure(real(estimate.peak_memory_bytes) / kMebi); }},
  };
}

std::vector<ClaimMetric> all_metrics() {
  std::vector<ClaimMetric> metrics = performance();
  for (const ClaimMetric& metric : costs()) metrics.push_back(metric);
  return metrics;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

const std::vector<ClaimMetric>& claim_metrics() {
  static const std::vector<ClaimMetric> metrics = all_metrics();
  return metrics;
}

std::optional<double> simulated_share(const ClaimRow& row, bool traffic, const std::vector<std::string>& types) {
  Figure part;
  double all = traffic ? 0 : real(row.result->cycles);
  for (const results::OperatorResult& op : row.result->operators) {
    std::int64_t own = traffic ? op.dram_bytes : 0;
    for (const auto& [cause, cycles] : op.exposed) own += traffic ? 0 : cycles;
    if (contains(types, op.type)) part = part.value_or(0) + real(own);
    if (traffic) all += real(own);
  }
  return part ? over(*part * kPercent, all) : part;
}

std::optional<double> estimated_share(const ClaimRow& row, const Estimate& estimate, bool traffic,
                                      const std::vector<std::string>& types) {
  double part = 0;
  double all = 0;
  for (std::size_t i = 0; i < row.workload->operators.size(); ++i) {
    const estimate::OperatorCount& op = row.workload->operators[i];
    const double own = traffic ? real(op.input_bytes + op.output_bytes) : estimate.operators.at(i).latency;
    if (contains(types, op.type)) part += own;
    all += own;
  }
  return over(part * kPercent, all);
}

std::optional<double> simulated_cause(const ClaimRow& row, const std::string& prefix) {
  std::int64_t part = 0;
  for (const auto& [cause, cycles] : row.result->critical_path) {
    if (cause.rfind(prefix, 0) == 0) part += cycles;
  }
  return over(real(part) * kPercent, real(row.result->cycles));
}

std::optional<double> estimated_cause(const Estimate& estimate, const std::string& prefix) {
  if (prefix == "overhead.launch") return over(estimate.overhead * kPercent, estimate.latency());
  if (prefix == "waiting.operand.host_link") return over(estimate.pcie_latency * kPercent, estimate.latency());
  return std::nullopt;
}

}  // namespace cyclescope::run
