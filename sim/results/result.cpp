#include "sim/results/result.h"

#include <fmt/format.h>

#include "sim/base/checked.h"
#include "sim/results/hdf5.h"
#include "sim/results/layout.h"

namespace cyclescope::results {
namespace {

/// FNV-1a, 64 bit.
std::uint64_t checksum(const std::string& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

/// a * b / c to the nearest integer, for values >= 0 and c > 0.
std::int64_t scaled(Int128 a, Int128 b, Int128 c) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw InternalError("128-bit overflow in a ratio");
  return checked_narrow((product + c / 2) / c);
}

}  // namespace

double RunResult::frames_per_second() const {
  constexpr double kFemto = 1e15;
  if (initiation_interval > 0) return kFemto / static_cast<double>(initiation_interval);
  return makespan > 0 ? static_cast<double>(batch) * kFemto / static_cast<double>(makespan) : 0;
}

std::int64_t RunResult::total_energy_fj() const {
  std::int64_t total = 0;
  for (const auto& [component, femtojoules] : energy_fj) total = checked_add(total, femtojoules);
  return total;
}

std::int64_t RunResult::utilisation_ppm() const {
  constexpr Int128 kFemtosecondsPerSecondTimesMillion = Int128{1'000'000'000'000'000} * 1'000'000;
  const Int128 possible = Int128{peak_macs_per_second} * makespan;
  if (possible <= 0) return 0;
  return scaled(macs_executed, kFemtosecondsPerSecondTimesMillion, possible);
}

std::string inconsistency(const RunResult& result) {
  const auto lanes = static_cast<std::int64_t>(result.lanes.size());
  const auto operators = static_cast<std::int64_t>(result.operators.size());
  for (std::size_t i = 0; i < result.path.size(); ++i) {
    const PathStep& step = result.path[i];
    if (step.lane < 0 || step.lane >= lanes) {
      return fmt::format("/path/lane[{}]: {}; expected a lane below {}", i, step.lane, lanes);
    }
    if (step.op < -1 || step.op >= operators) {
      return fmt::format("/path/op[{}]: {}; expected -1 or an operator below {}", i, step.op, operators);
    }
    const Femtoseconds expected_from = i == 0 ? 0 : result.path[i - 1].to;
    if (step.from != expected_from || step.to < step.from) {
      return fmt::format("/path/from_fs[{}]: [{}, {}); expected to begin at {} and not to end before", i, step.from,
                         step.to, expected_from);
    }
  }
  return {};
}

std::string header(const std::string& schema, const std::string& body) {
  std::string text = fmt::format("{} {:016x} {}\n", schema, checksum(body), body.size());
  if (text.size() > hdf5::kUserBlock) throw InternalError("schema name too long for the header of a result");
  text.resize(hdf5::kUserBlock, '\0');
  return text;
}

}  // namespace cyclescope::results
