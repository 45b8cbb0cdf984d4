// The formulas of the estimator by hand, on single operators.
#include "sim/estimate/branes.h"

#include "sim/base/error.h"
#include "tests/estimate/estimator_data.h"

namespace cyclescope::estimate {
namespace {

using Catch::Contains;

constexpr double kMicro = 1e-6;
constexpr double kNano = 1e-9;
constexpr double kPico = 1e-12;

BranesPlatform constants(const std::string& name) { return load_estimator_constants(data_directory(), name); }

BranesWorkload one(std::int64_t ops, std::int64_t input_bytes, std::int64_t output_bytes) {
  BranesWorkload workload;
  workload.model = "one";
  workload.operators = {{"only", "conv2d", ops / 2, ops, input_bytes, output_bytes}};
  return workload;
}

/// Relative tolerance of sums in floating point, nothing else.
Approx exactly(double value) { return Approx(value).epsilon(1e-12); }

}  // namespace

TEST_CASE("an operator of a GPU by hand") {
  // Orin, 85 T op/s, 204.8 GB/s, 5 us, 1 pJ/op, 15 pJ/B, 0.30 x 15 W. 850 M operations: 10 us. 409,600 bytes: 2 us.
  const BranesEstimate e = branes(one(850'000'000, 300'000, 109'600), constants("jetson-orin-agx"), Precision::fp16);
  REQUIRE(e.operators.size() == 1);
  const BranesOperator& op = e.operators[0];
  CHECK(op.k == 1);
  CHECK(op.compute_time == exactly(10 * kMicro));
  CHECK(op.memory_time == exactly(2 * kMicro));
  CHECK(op.overhead == exactly(5 * kMicro));
  CHECK(op.latency == exactly(15 * kMicro));
  CHECK(op.bound == BranesBound::compute);
  CHECK(op.utilisation == exactly(10.0 / 15));
  CHECK(op.energy.compute == exactly(850e6 * 0.5 * kPico));  // FP16 costs half of FP32
  CHECK(op.energy.memory == exactly(409'600 * 15 * kPico));
  CHECK(op.energy.static_power == exactly(4.5 * 15 * kMicro));
  CHECK(e.latency() == exactly(15 * kMicro));
  CHECK(e.throughput() == exactly(1e6 / 15));
  CHECK(e.peak_memory_bytes == 109'600);
  CHECK(e.peak_precision == Precision::int8);  // the only peak there is
  CHECK(e.compute_bound_operators == 1);
  CHECK(e.fit == BranesFit::pass);
}

TEST_CASE("an operator of the TPU class by hand, in each bracket of its size") {
  // Coral, 4 T op/s, 4 GB/s, 64 ns. 8,000 bytes: 2 us. k multiplies compute and memory time, not the overhead.
  const struct {
    std::int64_t ops;
    double k;
  } sizes[]{{0, 10},          {9'999'999, 10},  {10'000'000, 4}, {99'999'999, 4},
            {100'000'000, 2}, {499'999'999, 2}, {500'000'000, 1}};
  for (const auto& size : sizes) {
    INFO(size.ops);
    const BranesEstimate e = branes(one(size.ops, 6'000, 2'000), constants("coral-edgetpu"), Precision::int8);
    const BranesOperator& op = e.operators[0];
    const double compute = static_cast<double>(size.ops) / 4e12 * size.k;
    const double memory = 2 * kMicro * size.k;
    CHECK(op.k == size.k);
    CHECK(op.compute_time == exactly(compute));
    CHECK(op.memory_time == exactly(memory));
    CHECK(op.overhead == exactly(64 * kNano));
    CHECK(op.latency == exactly((compute > memory ? compute : memory) + 64 * kNano));
    CHECK(op.energy.compute == exactly(static_cast<double>(size.ops) * 0.6 * kPico));  // INT8 costs all of it
    CHECK(op.energy.memory == exactly(8'000 * 20 * kPico));
  }
}

TEST_CASE("an operator of a KPU by hand: no overhead, no correction") {
  // T64, 6.9 T op/s, 64 GB/s, 0.1 pJ/op, 12 pJ/B, 0.30 x 6 W. 6.9 M operations: 1 us. 640,000 bytes: 10 us.
  const BranesEstimate e = branes(one(6'900'000, 500'000, 140'000), constants("kpu-t64"), Precision::int8);
  const BranesOperator& op = e.operators[0];
  CHECK(op.k == 1);
  CHECK(op.overhead == 0);
  CHECK(op.compute_time == exactly(1 * kMicro));
  CHECK(op.memory_time == exactly(10 * kMicro));
  CHECK(op.latency == exactly(10 * kMicro));
  CHECK(op.bound == BranesBound::bandwidth);
  CHECK(op.utilisation == exactly(0.1));
  CHECK(op.energy.compute == exactly(6.9e6 * 0.0125 * kPico));
  CHECK(op.energy.memory == exactly(640'000 * 12 * kPico));
  CHECK(op.energy.static_power == exactly(1.8 * 10 * kMicro));
  CHECK(e.energy.total() == exactly(6.9e6 * 0.0125 * kPico + 640'000 * 12 * kPico + 1.8 * 10 * kMicro));
  CHECK(e.compute_bound_operators == 0);
}

TEST_CASE("labels ask for a margin of 1.1, the count of compute-bound operators does not") {
  // T64: 1 us of memory is 64,000 bytes, 1 us of compute 6.9 M operations.
  const BranesPlatform t64 = constants("kpu-t64");
  const auto bound = [&](std::int64_t ops, std::int64_t bytes) {
    return branes(one(ops, bytes, 0), t64, Precision::int8).bound;
  };
  CHECK(bound(7'600'000, 64'000) == BranesBound::compute);    // 1.101
  CHECK(bound(7'580'000, 64'000) == BranesBound::balanced);   // 1.0986
  CHECK(bound(6'900'000, 70'300) == BranesBound::balanced);   // 1.0984
  CHECK(bound(6'900'000, 70'500) == BranesBound::bandwidth);  // 1.1016
  CHECK(branes(one(7'580'000, 64'000, 0), t64, Precision::int8).compute_bound_operators == 1);
  CHECK(name(BranesBound::balanced) == std::string("balanced"));
}

TEST_CASE("operators run one after another and utilisation is their unweighted mean") {
  BranesWorkload workload = one(6'900'000, 500'000, 140'000);              // 10 us, utilisation 0.1
  workload.operators.push_back({"", "relu", 0, 0, 32'000, 32'000});        // 1 us, utilisation 0
  workload.operators.push_back({"", "conv2d", 0, 13'800'000, 0, 64'000});  // 2 us, utilisation 1
  workload.batch = 4;
  const BranesEstimate e = branes(workload, constants("kpu-t64"), Precision::int8);
  CHECK(e.base_latency == exactly(13 * kMicro));
  CHECK(e.compute_time == exactly(3 * kMicro));
  CHECK(e.memory_time == exactly(12 * kMicro));
  CHECK(e.utilisation == exactly(1.1 / 3));
  CHECK(e.throughput() == exactly(4 / (13 * kMicro)));
  CHECK(e.peak_memory_bytes == 140'000 + 32'000);  // the largest two consecutive outputs
  CHECK(e.bound == BranesBound::bandwidth);
}

TEST_CASE("a precision without a peak has that of the default precision, bytes stay FP32") {
  const BranesPlatform t64 = constants("kpu-t64");
  const BranesWorkload workload = one(6'900'000, 0, 64'000);
  CHECK(branes(workload, t64, Precision::fp32).operators[0].compute_time == exactly(1 * kMicro));
  CHECK(branes(workload, t64, Precision::bf16).operators[0].compute_time == exactly(6.9 / 3.3 * kMicro));
  CHECK(branes(workload, t64, Precision::fp32).peak_precision == Precision::int8);
  for (const Precision precision : estimator_precisions()) {
    CHECK(branes(workload, t64, precision).operators[0].memory_time == exactly(1 * kMicro));
  }
  // Hailo-10H falls back to INT4: 40 T op/s instead of 20.
  CHECK(branes(workload, constants("hailo-10h"), Precision::fp16).peak == exactly(40e12));
}

TEST_CASE("weights that do not fit are streamed, without static energy") {
  // Hailo-8 holds 8 MiB. One byte more at INT8: 8,388,609 B / 4 GB/s and 25 pJ per byte.
  const BranesPlatform hailo = constants("hailo-8");
  BranesRules rules;
  rules.pcie_streaming = true;
  BranesWorkload workload = one(26'000'000, 100'000, 100'000);
  workload.parameters = 8 * 1024 * 1024;
  const BranesEstimate fits = branes(workload, hailo, Precision::int8, rules);
  CHECK(fits.pcie_latency == 0);
  CHECK(fits.energy.pcie == 0);
  CHECK(fits.fit == BranesFit::pass);
  CHECK(branes(workload, hailo, Precision::fp16, rules).fit == BranesFit::fail);  // twice the bytes
  workload.parameters += 1;
  const BranesEstimate streamed = branes(workload, hailo, Precision::int8, rules);
  CHECK(streamed.pcie_latency == exactly(8'388'609 / 4e9));
  CHECK(streamed.energy.pcie == exactly(8'388'609 * 25 * kPico));
  CHECK(streamed.fit == BranesFit::fail);
  CHECK(streamed.latency() == exactly(fits.latency() + 8'388'609 / 4e9));
  CHECK(streamed.energy.static_power == fits.energy.static_power);
  CHECK(streamed.utilisation == fits.utilisation);
  CHECK(streamed.throughput() < fits.throughput());
  CHECK(branes(workload, hailo, Precision::int8).fit == BranesFit::unchecked);
  CHECK(branes(workload, hailo, Precision::int4, rules).pcie_latency == 0);  // half the bytes fit
  CHECK(name(BranesFit::unchecked) == std::string("pass (no check yet)"));
}

TEST_CASE("each rule can be switched off alone") {
  const BranesWorkload workload = one(8'000'000, 6'000, 2'000);  // Coral: 2 us each, times 10
  const BranesPlatform coral = constants("coral-edgetpu");
  BranesRules rules;
  rules.operator_overhead = false;
  CHECK(branes(workload, coral, Precision::int8, rules).latency() == exactly(20 * kMicro));
  rules.size_correction = false;
  CHECK(branes(workload, coral, Precision::int8, rules).latency() == exactly(2 * kMicro));
  rules = {};
  rules.fp32_bytes = false;
  const BranesEstimate int8 = branes(workload, coral, Precision::int8, rules);
  CHECK(int8.operators[0].memory_time == exactly(5 * kMicro));  // a quarter of the bytes, times 10
  CHECK(int8.energy.memory == exactly(2'000 * 20 * kPico));
  rules = {};
  rules.fallback_peak = false;
  CHECK_NOTHROW(branes(workload, coral, Precision::int8, rules));
  CHECK_THROWS_AS(branes(workload, coral, Precision::fp16, rules), NotModelled);
  CHECK_THROWS_WITH(branes(workload, coral, Precision::fp16, rules), Contains("fp16") && Contains("coral-edgetpu"));
}

TEST_CASE("an empty workload takes no time, and an operator that does nothing is no division by zero") {
  const BranesEstimate empty = branes({}, constants("kpu-t64"), Precision::int8);
  CHECK(empty.latency() == 0);
  CHECK(empty.throughput() == 0);
  CHECK(empty.utilisation == 0);
  CHECK(empty.energy.total() == 0);
  const BranesEstimate idle = branes(one(0, 0, 0), constants("kpu-t64"), Precision::int8);
  CHECK(idle.utilisation == 0);
  CHECK(idle.bound == BranesBound::balanced);
}

TEST_CASE("missing constants are refused") {
  BranesPlatform platform = constants("kpu-t64");
  platform.bandwidth = 0;
  CHECK_THROWS_WITH(branes({}, platform, Precision::int8), Contains("kpu-t64") && Contains("bandwidth"));
  platform = constants("kpu-t64");
  platform.peak.clear();
  CHECK_THROWS_AS(branes({}, platform, Precision::int8), InputError);
  platform = constants("kpu-t64");
  platform.energy_scale.clear();
  CHECK_THROWS_AS(branes({}, platform, Precision::int8), InputError);
}

}  // namespace cyclescope::estimate
