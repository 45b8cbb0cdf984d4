#include <cmath>
#include <set>

#include "sim/base/checked.h"
#include "sim/estimate/split_causes.h"

namespace cyclescope::estimate {
namespace {

constexpr double kFemto = 1e15;
constexpr int kFp32Bits = 32;

constexpr const char* kArray = "array";
constexpr const char* kIdle = "idle";

std::int64_t femto(double joules) { return std::llround(joules * kFemto); }

bool is_external_memory(const std::string& component) { return component.rfind("dram", 0) == 0; }

/// The cause that a component of energy belongs to; empty for those that a step accounts for.
std::string cause_of(const std::string& component) {
  if (is_external_memory(component)) return "external_memory";
  return component == kIdle ? "idle_power" : component;
}

std::vector<std::string> causes(const SplitInput& input) {
  std::vector<std::string> keys{"published_digits", "operator_list", "energy_per_op", "energy_per_byte",
                                "precision",        "views",         "fusion",        "on_chip",
                                "latency",          "idle_power",    kArray,          "external_memory"};
  std::set<std::string> others;
  const auto collect = [&others](const SplitUnit& unit) {
    for (const auto& entry : unit.energy_fj) {
      const std::string cause = cause_of(entry.first);
      if (cause == entry.first && cause != kArray) others.insert(cause);
    }
  };
  for (const SplitUnit& unit : input.units) collect(unit);
  collect(input.rest);
  keys.insert(keys.end(), others.begin(), others.end());
  keys.emplace_back(kUnexplained);
  return keys;
}

/// Energy of bytes on the way to the compulsory ones, after each step.
void add_bytes(const UnitWorkloads& work, const SplitInput& input, std::int64_t estimated, RowBuilder& row) {
  const double narrow = static_cast<double>(bits(input.precision)) / kFp32Bits * input.machine.joules_per_byte;
  const auto priced = [](std::int64_t bytes, double price) { return femto(static_cast<double>(bytes) * price); };
  std::int64_t before = estimated;
  const auto step = [&](const char* cause, std::int64_t energy) {
    row.add(cause, energy - before);
    before = energy;
  };
  step("energy_per_byte", priced(bytes_of(work.counted), input.machine.joules_per_byte));
  step("precision", priced(bytes_of(work.counted), narrow));
  step("views", priced(bytes_of(work.moved), narrow));
  step("fusion", priced(bytes_of(work.fused), narrow));
  step("on_chip", priced(bytes_of(work.compulsory), input.machine.joules_per_byte));
  row.add("external_memory", -before);
}

/// Static energy of the estimator for the simulated time of a unit on the critical path.
std::int64_t drawn_simulated(const SplitUnit& unit, const SplitInput& input) {
  Femtoseconds time = 0;
  for (const auto& [leaf, part] : unit.path) time = checked_add(time, part);
  return femto(input.constants.static_share * input.constants.thermal_power * static_cast<double>(time) / kFemto);
}

/// `drawn`: static energy of the estimate.
void add_static(const SplitUnit& unit, const SplitInput& input, std::int64_t drawn, RowBuilder& row) {
  const std::int64_t simulated = drawn_simulated(unit, input);
  row.add("latency", simulated - drawn);
  row.add("idle_power", -simulated);
}

/// Adds the simulated components and returns their sum.
std::int64_t add_components(const SplitUnit& unit, RowBuilder& row) {
  std::int64_t total = 0;
  for (const auto& [component, energy] : unit.energy_fj) {
    total = checked_add(total, energy);
    row.add(cause_of(component), energy);
  }
  return total;
}

}  // namespace

Split split_energy(const SplitInput& input) {
  Split split;
  split.causes = causes(input);
  std::int64_t recomputed = 0;
  for (const SplitUnit& unit : input.units) {
    const UnitWorkloads work(unit);
    const BranesEstimate estimate = branes(work.counted, input.constants, input.precision);
    const std::int64_t compute = femto(estimate.energy.compute);
    const std::int64_t memory = femto(estimate.energy.memory);
    const std::int64_t drawn = femto(estimate.energy.static_power);
    const std::int64_t macs =
        femto(static_cast<double>(work.compulsory.operators[0].macs) * input.machine.joules_per_mac);

    SplitRow row{unit.name, unit.type, compute + memory + drawn, 0, {}};
    recomputed = checked_add(recomputed, row.estimate);
    RowBuilder builder(split, row);
    builder.add("energy_per_op", macs - compute);
    builder.add(kArray, -macs);
    add_bytes(work, input, memory, builder);
    add_static(unit, input, drawn, builder);
    row.simulation = add_components(unit, builder);
    builder.close();
    split.rows.push_back(std::move(row));
  }

  SplitRow rest{input.rest.name, input.rest.type, 0, 0, {}};
  RowBuilder builder(split, rest);
  if (input.published) {
    const PublishedTotals& published = *input.published;
    rest.estimate = published.printed.energy - recomputed;
    builder.add("published_digits", published.listed.energy - published.printed.energy);
    builder.add("operator_list", recomputed - published.listed.energy);
  }
  add_static(input.rest, input, 0, builder);
  rest.simulation = add_components(input.rest, builder);
  builder.close();
  split.rows.push_back(std::move(rest));
  return split;
}

}  // namespace cyclescope::estimate
