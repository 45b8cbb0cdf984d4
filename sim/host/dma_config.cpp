#include "sim/host/dma_config.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::host {
namespace {

using config::Declaration;
using config::Quantity;

Declaration make(std::string key, Quantity quantity, const char* unit, std::int64_t minimum, std::int64_t maximum,
                 const char* value, const char* why, const char* description) {
  Declaration declaration;
  declaration.key = std::move(key);
  declaration.quantity = quantity;
  declaration.unit = unit;
  declaration.description = description;
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  declaration.default_value = value;
  declaration.default_source = why;
  return declaration;
}

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

}  // namespace

void declare_dma(config::Schema& schema, const std::string& prefix) {
  const auto count = [&](const char* name, const char* unit, std::int64_t maximum, const char* value, const char* why,
                         const char* description) {
    schema.add(make(prefix + "." + name, Quantity::count, unit, 1, maximum, value, why, description));
  };
  count("channels", "channels", 256, "4 channels", "not published", "queues of transfers that run side by side");
  count("outstanding", "requests", 4096, "16 requests", "not published", "data requests under way per channel");
  count("prefetch", "descriptors", 4096, "16 descriptors", "not published", "descriptors fetched ahead per channel");
  count("descriptors_per_fetch", "descriptors", 256, "4 descriptors", "a line of 64 B",
        "descriptors that one read brings");
  schema.add(make(prefix + ".descriptor", Quantity::bytes, "B", 0, 64, "16 B", "usual of scatter-gather lists",
                  "bytes of a descriptor in host memory; 0: descriptors lie in the device"));
  schema.add(make(prefix + ".page", Quantity::bytes, "B", 64, 1 << 22, "512 B", "default of public drivers",
                  "bytes that one descriptor covers, at most"));
  schema.add(make(prefix + ".setup", Quantity::cycles, "cycles", 0, 65536, "8 cycles", "not published",
                  "set-up of one descriptor"));
  constexpr std::int64_t kMicrojoule = 1'000'000'000'000;
  schema.add(make(prefix + ".energy_descriptor", Quantity::energy, "pJ", 0, kMicrojoule, "0 pJ", "not published",
                  "control of one descriptor"));
}

DmaConfig resolve_dma(const config::Settings& settings, const std::string& prefix) {
  const auto value = [&](const char* name) { return settings.integer(prefix + "." + name); };
  DmaConfig config;
  config.channels = static_cast<int>(value("channels"));
  config.outstanding = static_cast<int>(value("outstanding"));
  config.prefetch = static_cast<int>(value("prefetch"));
  config.descriptors_per_fetch = static_cast<int>(value("descriptors_per_fetch"));
  config.descriptor_bytes = value("descriptor");
  config.page_bytes = value("page");
  config.setup_clocks = value("setup");
  config.descriptor_attojoules = value("energy_descriptor");
  if (!power_of_two(config.page_bytes)) {
    throw InputError(fmt::format("{}.page = {} B: expected a power of two", prefix, config.page_bytes));
  }
  if (config.descriptors_per_fetch > config.prefetch) {
    throw InputError(fmt::format("{0}.descriptors_per_fetch = {1}: expected at most {0}.prefetch = {2}", prefix,
                                 config.descriptors_per_fetch, config.prefetch));
  }
  const std::int64_t fetch = config.descriptors_per_fetch * config.descriptor_bytes;
  if (fetch != 0 && !power_of_two(fetch)) {
    throw InputError(
        fmt::format("{0}.descriptors_per_fetch x {0}.descriptor = {1} B: expected a power of two", prefix, fetch));
  }
  return config;
}

}  // namespace cyclescope::host
