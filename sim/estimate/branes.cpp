#include "sim/estimate/branes.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::estimate {
namespace {

constexpr double kLabelMargin = 1.1;
constexpr int kFp32Bits = 32;
constexpr double kBitsPerByte = 8;

double positive(const BranesPlatform& platform, double value, const char* what) {
  if (value > 0) return value;
  throw InputError(fmt::format("estimator constants of {}: no {}; expected a positive one", platform.name, what));
}

/// Whose peak a precision uses.
Precision peak_precision(const BranesPlatform& platform, Precision precision, const BranesRules& rules) {
  if (platform.peak.count(precision) != 0) return precision;
  if (!rules.fallback_peak) {
    throw NotModelled(fmt::format("the estimator lists no {} peak for {}", name(precision), platform.name));
  }
  return platform.default_precision;
}

double peak_of(const BranesPlatform& platform, Precision precision) {
  const auto found = platform.peak.find(precision);
  return positive(platform, found == platform.peak.end() ? 0 : found->second, "peak of the default precision");
}

double scale_of(const BranesPlatform& platform, Precision precision) {
  const auto found = platform.energy_scale.find(precision);
  return positive(platform, found == platform.energy_scale.end() ? 0 : found->second, "energy scale of the precision");
}

BranesBound bound_of(double compute, double memory) {
  if (compute > kLabelMargin * memory) return BranesBound::compute;
  if (memory > kLabelMargin * compute) return BranesBound::bandwidth;
  return BranesBound::balanced;
}

double correction(const std::vector<SizeCorrection>& corrections, std::int64_t ops) {
  for (const SizeCorrection& bracket : corrections) {
    if (ops < bracket.below) return bracket.k;
  }
  return 1;
}

/// The rates that hold for every operator of a model.
struct Rates {
  double peak = 0;
  double bandwidth = 0;
  double joules_per_op = 0;
  double byte_share = 1;  ///< of the FP32 bytes
};

BranesOperator estimate_operator(const OperatorCount& count, const BranesPlatform& platform, const Rates& rates,
                                 const BranesRules& rules) {
  const auto ops = static_cast<double>(count.ops);
  const double bytes = static_cast<double>(count.input_bytes + count.output_bytes) * rates.byte_share;
  BranesOperator result;
  if (rules.size_correction) result.k = correction(platform.corrections, count.ops);
  if (rules.operator_overhead) result.overhead = platform.operator_overhead;
  result.compute_time = ops / rates.peak * result.k;
  result.memory_time = bytes / rates.bandwidth * result.k;
  result.latency = std::max(result.compute_time, result.memory_time) + result.overhead;
  result.bound = bound_of(result.compute_time, result.memory_time);
  result.energy.compute = ops * rates.joules_per_op;
  result.energy.memory = bytes * platform.energy_per_byte;
  result.energy.static_power = platform.static_share * platform.thermal_power * result.latency;
  if (result.latency > 0) result.utilisation = ops / (result.latency * rates.peak);
  return result;
}

void add(const BranesOperator& one, BranesEstimate& total) {
  total.compute_time += one.compute_time;
  total.memory_time += one.memory_time;
  total.overhead += one.overhead;
  total.base_latency += one.latency;
  total.energy.compute += one.energy.compute;
  total.energy.memory += one.energy.memory;
  total.energy.static_power += one.energy.static_power;
  total.utilisation += one.utilisation;
  if (one.compute_time > one.memory_time) ++total.compute_bound_operators;
  total.operators.push_back(one);
}

/// The largest sum of two consecutive outputs.
std::int64_t peak_memory(const std::vector<OperatorCount>& operators) {
  std::int64_t largest = 0;
  std::int64_t before = 0;
  for (const OperatorCount& one : operators) {
    largest = std::max(largest, before + one.output_bytes);
    before = one.output_bytes;
  }
  return largest;
}

/// Weights that do not fit, sent over PCIe.
void stream_weights(const BranesWorkload& workload, const BranesPlatform& platform, Precision precision,
                    const BranesRules& rules, BranesEstimate& result) {
  const double bytes = static_cast<double>(workload.parameters) * bits(precision) / kBitsPerByte;
  if (platform.main_memory > 0 || bytes <= static_cast<double>(platform.on_chip_memory)) return;
  result.fit = rules.pcie_streaming ? BranesFit::fail : BranesFit::unchecked;
  if (!rules.pcie_streaming) return;
  result.pcie_latency = bytes / positive(platform, platform.pcie_bandwidth, "PCIe bandwidth");
  result.energy.pcie = bytes * platform.pcie_energy_per_byte;
}

}  // namespace

const char* name(BranesBound bound) {
  switch (bound) {
    case BranesBound::compute:
      return "compute";
    case BranesBound::bandwidth:
      return "bandwidth";
    case BranesBound::balanced:
      return "balanced";
  }
  throw InternalError("unknown bound of an estimate");
}

const char* name(BranesFit fit) {
  switch (fit) {
    case BranesFit::pass:
      return "pass";
    case BranesFit::unchecked:
      return "pass (no check yet)";
    case BranesFit::fail:
      return "fail (memory)";
  }
  throw InternalError("unknown fit of an estimate");
}

double BranesEstimate::throughput() const { return latency() > 0 ? static_cast<double>(batch) / latency() : 0; }

BranesEstimate branes(const BranesWorkload& workload, const BranesPlatform& platform, Precision precision,
                      const BranesRules& rules) {
  BranesEstimate result;
  result.platform = platform.name;
  result.model = workload.model;
  result.precision = precision;
  result.batch = workload.batch;
  result.peak_precision = peak_precision(platform, precision, rules);
  result.peak = peak_of(platform, result.peak_precision);
  const Rates rates{result.peak, positive(platform, platform.bandwidth, "bandwidth"),
                    platform.energy_per_op * scale_of(platform, precision),
                    rules.fp32_bytes ? 1 : static_cast<double>(bits(precision)) / kFp32Bits};
  for (const OperatorCount& one : workload.operators) add(estimate_operator(one, platform, rates, rules), result);
  if (!workload.operators.empty()) result.utilisation /= static_cast<double>(workload.operators.size());
  result.bound = bound_of(result.compute_time, result.memory_time);
  result.peak_memory_bytes = peak_memory(workload.operators);
  stream_weights(workload, platform, precision, rules, result);
  return result;
}

}  // namespace cyclescope::estimate
