#include <algorithm>
#include <cmath>

#include "sim/base/checked.h"
#include "sim/estimate/split_causes.h"

namespace cyclescope::estimate {
namespace {

constexpr double kFemto = 1e15;
constexpr Int128 kFemtosecondsPerSecond = 1'000'000'000'000'000;

/// A rate of 0 means that it takes no time.
double rate(std::int64_t per_second) {
  constexpr double kNoTime = 1e30;
  return per_second > 0 ? static_cast<double>(per_second) : kNoTime;
}

/// Constants and rules of the steps.
struct Steps {
  explicit Steps(const SplitInput& input) : given(input.constants), bandwidth(given) {
    bandwidth.bandwidth = rate(input.machine.peak_bytes_per_second);
    peak = bandwidth;
    peak.peak = {{input.precision, 2 * rate(input.machine.peak_macs_per_second)}};
    no_overhead.operator_overhead = false;
    plain = no_overhead;
    plain.size_correction = false;
    narrow = plain;
    narrow.fp32_bytes = false;
  }

  const BranesPlatform& given;
  BranesPlatform bandwidth;  ///< of the machine
  BranesPlatform peak;       ///< and its peak
  BranesRules no_overhead;
  BranesRules plain;
  BranesRules narrow;  ///< bytes at the precision
};

Femtoseconds time_of(const BranesWorkload& workload, const BranesPlatform& platform, Precision precision,
                     const BranesRules& rules) {
  return std::llround(branes(workload, platform, precision, rules).latency() * kFemto);
}

struct Stage {
  const char* cause;
  Femtoseconds time;  ///< after it
};

/// The estimate of a unit after each step up to its compulsory bytes.
std::vector<Stage> stages(const SplitUnit& unit, const SplitInput& input, const Steps& steps) {
  const UnitWorkloads work(unit);
  const Precision p = input.precision;
  return {{"", time_of(work.counted, steps.given, p, {})},
          {"overhead", time_of(work.counted, steps.given, p, steps.no_overhead)},
          {"size_correction", time_of(work.counted, steps.given, p, steps.plain)},
          {"bandwidth", time_of(work.counted, steps.bandwidth, p, steps.plain)},
          {"peak", time_of(work.macs_alone, steps.peak, p, steps.plain)},
          {"precision", time_of(work.macs_alone, steps.peak, p, steps.narrow)},
          {"views", time_of(work.moved, steps.peak, p, steps.narrow)},
          {"fusion", time_of(work.fused, steps.peak, p, steps.narrow)},
          {"on_chip", time_of(work.compulsory, steps.peak, p, steps.plain)}};
}

/// Each unit's part of the roofline: what it has of the binding resource, cut from running sums so that no femtosecond
/// is lost. A bound of the dependency depth belongs to no unit.
class BoundShares {
 public:
  explicit BoundShares(const SplitMachine& machine) : machine_(machine) {}

  Femtoseconds next(const SplitUnit& unit) {
    const bool compute = machine_.roofline_bound == "compute";
    const std::int64_t per_second = compute ? machine_.peak_macs_per_second : machine_.peak_bytes_per_second;
    if ((!compute && machine_.roofline_bound != "memory") || per_second <= 0) return 0;
    amount_ = checked_add(amount_, compute ? UnitWorkloads(unit).compulsory.operators[0].macs : unit.compulsory_bytes);
    const Femtoseconds before = given_;
    given_ = checked_narrow(static_cast<Int128>(amount_) * kFemtosecondsPerSecond / per_second);
    return given_ - before;
  }
  /// What the units leave of the roofline.
  [[nodiscard]] Femtoseconds rest() const { return machine_.roofline - given_; }

 private:
  const SplitMachine& machine_;
  std::int64_t amount_ = 0;
  Femtoseconds given_ = 0;
};

Femtoseconds time_on_path(const SplitUnit& unit) {
  Femtoseconds time = 0;
  for (const auto& [leaf, part] : unit.path) time = checked_add(time, part);
  return time;
}

/// The part of a row behind the roofline: the path less its share of the bound.
void add_path(const SplitUnit& unit, const std::string& bound_by, Femtoseconds bound, RowBuilder& row) {
  std::map<std::string, Femtoseconds> left;
  for (const auto& [leaf, part] : unit.path) left[path_cause(leaf)] += part;
  for (const std::string& cause : causes_of_bound(bound_by)) {
    const auto found = left.find(cause);
    if (found == left.end()) continue;
    const Femtoseconds taken = std::min(found->second, std::max<Femtoseconds>(bound, 0));
    found->second -= taken;
    bound -= taken;
  }
  for (const std::string& cause : path_causes()) {
    const auto found = left.find(cause);
    if (found != left.end()) row.add(cause, found->second);
  }
  row.add("beside_path", -bound);
}

}  // namespace

Split split_latency(const SplitInput& input) {
  Split split;
  split.causes = model_causes();
  split.causes.insert(split.causes.end(), path_causes().begin(), path_causes().end());
  split.causes.insert(split.causes.end(), {"beside_path", kUnexplained});

  const Steps steps(input);
  BoundShares bound(input.machine);
  std::int64_t recomputed = 0;
  for (const SplitUnit& unit : input.units) {
    const std::vector<Stage> staged = stages(unit, input, steps);
    SplitRow row{unit.name, unit.type, staged.front().time, time_on_path(unit), {}};
    recomputed = checked_add(recomputed, row.estimate);
    RowBuilder builder(split, row);
    for (std::size_t i = 1; i < staged.size(); ++i) builder.add(staged[i].cause, staged[i].time - staged[i - 1].time);
    const Femtoseconds part = bound.next(unit);
    builder.add("overlap", part - staged.back().time);
    add_path(unit, input.machine.roofline_bound, part, builder);
    builder.close();
    split.rows.push_back(std::move(row));
  }

  SplitRow rest{input.rest.name, input.rest.type, 0, time_on_path(input.rest), {}};
  RowBuilder builder(split, rest);
  if (input.published) {
    const PublishedTotals& published = *input.published;
    rest.estimate = published.printed.latency - recomputed;
    builder.add("published_digits", published.listed.latency - published.printed.latency);
    builder.add("operator_list", recomputed - published.listed.latency);
  }
  builder.add("overlap", bound.rest());
  add_path(input.rest, input.machine.roofline_bound, bound.rest(), builder);
  builder.close();
  split.rows.push_back(std::move(rest));
  return split;
}

}  // namespace cyclescope::estimate
