// Rows made by hand for tests of claims: an estimate and, where wanted, a result.
#pragma once

#include <string>

#include "sim/run/claim_evaluate.h"

namespace cyclescope::run::testing {

constexpr double kMilli = 1e-3;

/// An analysis that the published table has; the estimator says `latency_ms` and twice as many millijoules. Its
/// machine is not modelled yet.
inline ClaimRow waiting_row(const std::string& platform, double latency_ms, const std::string& precision = "int8") {
  ClaimRow row;
  row.platform = platform;
  row.model = "net";
  row.precision = precision;
  row.published = true;
  row.thermal_power = 2;
  row.moved_bytes = 100'000'000;
  row.estimate.base_latency = latency_ms * kMilli;
  row.estimate.energy.memory = 2 * latency_ms * kMilli;
  row.estimate.operators.resize(2);
  row.estimate.operators[0].latency = latency_ms * kMilli / 4;
  row.estimate.operators[1].latency = latency_ms * kMilli * 3 / 4;
  estimate::BranesWorkload workload;
  workload.operators = {{"", "view", 0, 0, 10'000'000, 10'000'000}, {"", "conv2d", 1, 2, 40'000'000, 40'000'000}};
  row.workload = std::make_shared<const estimate::BranesWorkload>(workload);
  row.in_matrix = true;
  row.reason = "waiting for a platform: family x is not modelled yet";
  return row;
}

/// The same with a result: 1000 cycles per millisecond, three quarters of them waiting for memory; 1 W on average,
/// of which the arrays take 40 %; 20 MB of external memory, all of convolutions.
inline ClaimRow simulated_row(const std::string& platform, double estimated_ms, std::int64_t simulated_ms,
                              const std::string& precision = "int8") {
  constexpr std::int64_t kMillisecond = 1'000'000'000'000;  // femtoseconds
  ClaimRow row = waiting_row(platform, estimated_ms, precision);
  row.status = results::MatrixStatus::simulated;
  row.reason = "";
  results::RunResult result;
  result.precision_label = "native";
  result.clock_hz = 1'000'000;
  result.clock_period = kMillisecond / 1000;
  result.cycles = 1000 * simulated_ms;
  result.makespan = kMillisecond * simulated_ms;
  result.critical_path = {{"useful.mac", 250 * simulated_ms}, {"waiting.operand.dram_row", 750 * simulated_ms}};
  result.energy_fj = {{"array", result.makespan * 2 / 5}, {"idle", result.makespan * 3 / 5}};
  result.dram_read_bytes = 15'000'000;
  result.dram_write_bytes = 5'000'000;
  result.operators.resize(2);
  result.operators[0].type = "reshape";
  result.operators[1].type = "conv2d";
  result.operators[1].dram_bytes = 20'000'000;
  result.operators[1].exposed = result.critical_path;
  row.result = result;
  return row;
}

inline ClaimRow with_status(ClaimRow row, results::MatrixStatus status, const std::string& reason) {
  row.status = status;
  row.reason = reason;
  return row;
}

inline Claim claim(const std::string& check) {
  Claim made;
  made.id = "C";
  made.statement = "a statement";
  made.tests = parse_check(check);
  made.where = "claims.ini:7";
  return made;
}

}  // namespace cyclescope::run::testing
