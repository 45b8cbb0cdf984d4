#include "sim/estimate/constants.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sim/base/error.h"
#include "sim/base/suggest.h"

namespace cyclescope::estimate {
namespace {

namespace fs = std::filesystem;
using config::Declaration;
using config::Quantity;
using config::Schema;
using config::Settings;

constexpr std::int64_t kMost = 1'000'000'000'000'000'000;
constexpr std::int64_t kMostGops = 1'000'000'000;
constexpr int kCorrections = 3;

// What one canonical integer of the settings is in SI units.
constexpr double kGiga = 1e9;
constexpr double kAttojoule = 1e-18;
constexpr double kMicrowatt = 1e-6;
constexpr double kFemtosecond = 1e-15;
constexpr double kPartPerMillion = 1e-6;

std::string correction_key(int index, const char* what) {
  return fmt::format("estimator.correction_{}_{}", index, what);
}

Declaration required(const char* key, Quantity quantity, const char* unit, const char* description,
                     std::int64_t most = kMost) {
  return {key, quantity, unit, description, 0, most, {}, {}, {}};
}

Declaration optional(Declaration declaration, const char* value, const char* why) {
  declaration.default_value = value;
  declaration.default_source = why;
  return declaration;
}

/// Throws with the place where `key` was set.
[[noreturn]] void refuse(const Settings& settings, const std::string& key, const std::string& expected) {
  const config::Setting& setting = settings.at(key);
  throw InputError(fmt::format("{}: {} = {}; expected {}", setting.set_where, key, setting.text, expected));
}

std::vector<SizeCorrection> corrections_from(const Settings& settings) {
  std::vector<SizeCorrection> corrections;
  for (int i = 1; i <= kCorrections; ++i) {
    const std::string key = correction_key(i, "below");
    const std::int64_t below = settings.integer(key);
    if (below == 0) continue;
    if (!corrections.empty() && below <= corrections.back().below) refuse(settings, key, "more than the one before");
    corrections.push_back({below, static_cast<double>(settings.integer(correction_key(i, "k")))});
  }
  return corrections;
}

std::string constants_directory(const std::string& directory) { return (fs::path(directory) / "constants").string(); }

}  // namespace

const std::vector<Precision>& estimator_precisions() {
  static const std::vector<Precision> precisions{Precision::int4, Precision::int8, Precision::bf16, Precision::fp16,
                                                 Precision::fp32};
  return precisions;
}

std::string constant_key(const char* what, Precision precision) {
  return fmt::format("estimator.{}_{}", what, name(precision));
}

void declare_constants(Schema& schema) {
  Declaration fallback =
      required("estimator.default_precision", Quantity::choice, "", "whose peak precisions without one have");
  for (const Precision precision : estimator_precisions()) {
    fallback.choices.emplace_back(name(precision));
    schema.add(optional(required(constant_key("peak", precision).c_str(), Quantity::count, "GOPS",
                                 "peak of the estimator, two operations per MAC", kMostGops),
                        "0 GOPS", "the estimator lists none"));
    schema.add(required(constant_key("energy_scale", precision).c_str(), Quantity::ratio, "%",
                        "energy of an operation, in those of FP32"));
  }
  schema.add(fallback)
      .add(required("estimator.bandwidth", Quantity::bandwidth, "GB/s", "the one bandwidth of the platform"))
      .add(required("estimator.thermal_power", Quantity::power, "W", "TDP of the default profile"))
      .add(required("estimator.static_share", Quantity::ratio, "%", "of the TDP that is always drawn"))
      .add(required("estimator.energy_per_op", Quantity::energy, "pJ", "one operation at FP32, half a MAC"))
      .add(required("estimator.energy_per_byte", Quantity::energy, "pJ", "one byte moved"))
      .add(required("estimator.operator_overhead", Quantity::time, "us", "added to every operator"))
      .add(required("estimator.main_memory", Quantity::bytes, "GiB", "external memory; 0: weights come over PCIe"))
      .add(required("estimator.on_chip_memory", Quantity::bytes, "MiB", "what weights must fit without main memory"))
      .add(required("estimator.pcie_bandwidth", Quantity::bandwidth, "GB/s", "of streamed weights"))
      .add(required("estimator.pcie_energy", Quantity::energy, "pJ", "per byte of streamed weights"));
  for (int i = 1; i <= kCorrections; ++i) {
    const char* none = "the estimator corrects the TPU class alone";
    schema.add(optional(required(correction_key(i, "below").c_str(), Quantity::count, "op",
                                 "operators with fewer operations are corrected"),
                        "0 op", none));
    schema.add(optional(
        required(correction_key(i, "k").c_str(), Quantity::count, "", "times that their compute and memory time take"),
        "1", none));
  }
}

BranesPlatform constants_from(const std::string& name, const Settings& settings) {
  const auto si = [&](const char* key, double unit) {
    return static_cast<double>(settings.integer(std::string("estimator.") + key)) * unit;
  };
  BranesPlatform platform;
  platform.name = name;
  for (const Precision precision : estimator_precisions()) {
    const std::int64_t peak = settings.integer(constant_key("peak", precision));
    if (peak != 0) platform.peak[precision] = static_cast<double>(peak) * kGiga;
    const std::int64_t scale = settings.integer(constant_key("energy_scale", precision));
    platform.energy_scale[precision] = static_cast<double>(scale) * kPartPerMillion;
  }
  const std::string fallback = "estimator.default_precision";
  platform.default_precision = parse_precision(settings.text(fallback));
  if (platform.peak.count(platform.default_precision) == 0) refuse(settings, fallback, "a precision with a peak");
  if (settings.integer("estimator.bandwidth") == 0) refuse(settings, "estimator.bandwidth", "a bandwidth above 0");
  platform.bandwidth = si("bandwidth", 1);
  platform.thermal_power = si("thermal_power", kMicrowatt);
  platform.static_share = si("static_share", kPartPerMillion);
  platform.energy_per_op = si("energy_per_op", kAttojoule);
  platform.energy_per_byte = si("energy_per_byte", kAttojoule);
  platform.operator_overhead = si("operator_overhead", kFemtosecond);
  platform.corrections = corrections_from(settings);
  platform.main_memory = settings.integer("estimator.main_memory");
  platform.on_chip_memory = settings.integer("estimator.on_chip_memory");
  platform.pcie_bandwidth = si("pcie_bandwidth", 1);
  platform.pcie_energy_per_byte = si("pcie_energy", kAttojoule);
  return platform;
}

std::vector<std::string> estimator_platforms(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(constants_directory(directory), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".ini") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

BranesPlatform load_estimator_constants(const std::string& directory, const std::string& name,
                                        const std::vector<std::string>& overrides,
                                        const std::map<std::string, std::string>& typed) {
  const std::vector<std::string> names = estimator_platforms(directory);
  if (!std::binary_search(names.begin(), names.end(), name)) {
    throw InputError(fmt::format("the estimator has no constants of '{}'{}; expected one of {} in {}", name,
                                 suggestion(name, names), fmt::join(names, ", "), constants_directory(directory)));
  }
  Schema schema;
  declare_constants(schema);
  return constants_from(
      name, config::resolve(schema, (fs::path(constants_directory(directory)) / (name + ".ini")).string(), overrides,
                            {}, typed));
}

}  // namespace cyclescope::estimate
