#include "arch/hailo/config.h"

#include <fmt/format.h>

#include "arch/hailo/energy_config.h"
#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::hailo {
namespace {

using config::Declaration;
using config::Quantity;
using config::Schema;
using config::Settings;

constexpr std::int64_t kMillion = 1'000'000;
constexpr const char* kDma = "host_dma";

Declaration number(const char* key, Quantity quantity, const char* unit, std::int64_t minimum, std::int64_t maximum,
                   const char* text) {
  return {key, quantity, unit, text, minimum, maximum, {}, {}, {}};
}

Declaration integer(const char* key, const char* unit, std::int64_t minimum, std::int64_t maximum, const char* text) {
  return number(key, Quantity::count, unit, minimum, maximum, text);
}

Declaration clocks(const char* key, std::int64_t minimum, std::int64_t maximum, const char* text) {
  return number(key, Quantity::cycles, "cycles", minimum, maximum, text);
}

Declaration bytes(const char* key, const char* unit, std::int64_t maximum, const char* text) {
  return number(key, Quantity::bytes, unit, 1, maximum, text);
}

Declaration share(const char* key, const char* text) { return number(key, Quantity::ratio, "%", 1, kMillion, text); }

Declaration free_text(const char* key, const char* text) { return number(key, Quantity::text, "", 0, 0, text); }

void declare_chip(Schema& schema) {
  schema.add(free_text("platform.family", "machine family, the folder under arch/"))
      .add(free_text("platform.description", "what this chip is, one line"))
      .add(number("clock.core", Quantity::frequency, "MHz", 1'000'000, 10'000'000'000, "clock of the whole core"))
      .add(integer("hailo.clusters", "clusters", 1, 8, "clusters on the ring"))
      .add(integer("hailo.subclusters", "subclusters", 1, 64, "sub-clusters of a cluster"))
      .add(integer("hailo.macs", "MAC", 1, 4096, "8 x 8 bit MACs of a sub-cluster"))
      .add(integer("hailo.features", "features", 1, 64,
                   "output features that a sub-cluster works on side by side, and input features: a square of MACs"))
      .add(integer("hailo.lcus", "LCU", 1, 16, "layer control units of a cluster; a layer has one in every cluster"))
      .add({"hailo.weight_bits",
            Quantity::choice,
            "",
            "bits in which weights of 8 bits are stored",
            0,
            0,
            {"8", "4"},
            "8",
            "4-bit weights are an option of the tool chain, and change the result"})
      .add(
          integer("apu.lanes", "elements", 1, 4096, "elements per clock and pass in a sub-cluster's share of the APUs"))
      .add(bytes("l2.capacity", "KiB", 1LL << 30, "L2 slice of a sub-cluster"))
      .add(bytes("l3.capacity", "KiB", 1LL << 32, "L3 of a cluster"))
      .add(bytes("l4.capacity", "KiB", 1LL << 32, "L4 of the chip"))
      .add(integer("ring.bytes", "B", 1, 1024, "bytes per clock, link and direction of the ring of clusters"))
      .add(clocks("ring.hop", 1, 64, "latency from a cluster to the next"))
      .add(number("power.idle", Quantity::power, "mW", 0, 1'000'000'000, "leakage, clock tree and idle link"));
}

void declare_layers(Schema& schema) {
  schema.add(integer("layer.port", "B", 1, 4096, "of a layer's rows, per clock, on their way out"))
      .add(clocks("layer.row_overhead", 0, 4096, "between rows of a layer"))
      .add(clocks("layer.frame_overhead", 0, 1'000'000, "between frames of a layer"))
      .add(clocks("layer.pipe_latency", 1, 4096, "from the last MAC of a row to its leaving the layer"))
      .add(clocks("layer.credit_latency", 1, 4096, "from the release of a row to its sender's knowing"))
      .add(share("allocator.compute", "sub-clusters up to which layers are widened"))
      .add(share("allocator.control", "layer control units in use"))
      .add(share("allocator.memory", "L2, L3 and L4 in use"))
      .add(integer("allocator.slack_rows", "rows", 1, 4096, "rows that a layer may be ahead of what its readers need"));
}

void declare_contexts(Schema& schema) {
  schema.add(integer("context.bytes", "B", 1, 4096, "configuration bytes that the chip takes per clock"))
      .add(number("context.fixed", Quantity::bytes, "KiB", 0, 1 << 30, "registers and microcode of a context"))
      .add(number("context.overhead", Quantity::ratio, "%", 0, kMillion, "configuration words on top of weights"))
      .add(number("context.control", Quantity::time, "us", 0, 1'000'000'000'000'000, "control CPU, per context"));
}

void declare_memories(Schema& schema) {
  memory::declare(schema);
  host::declare(schema);
  host::declare_dma(schema, kDma);
  constexpr std::int64_t kMost = 100'000'000'000'000;  // 100 TB/s
  Declaration place = number("memory.place", Quantity::choice, "", 0, 0,
                             "where the memory of dram.* stands: the host's, behind the link, or local to the chip");
  place.choices = {"host", "local"};
  Declaration outstanding = integer("local.outstanding", "requests", 1, 4096, "under way at local DRAM per client");
  outstanding.default_value = "32 requests";
  outstanding.default_source = "not published; 32 of 256 B cover 400 ns of latency at 17 GB/s";
  outstanding.only_with = {"memory.place", "local"};
  Declaration host = number("host_memory.bandwidth", Quantity::bandwidth, "GB/s", 1, kMost,
                            "the host's memory beside a chip with local DRAM, all reads and writes together");
  host.default_value = "25.6 GB/s";
  host.default_source = "one channel of DDR4-3200";
  host.only_with = {"memory.place", "local"};
  Declaration portal = integer("portal.rows", "rows", 1, 4096, "of a tensor, held on their way to memory outside");
  portal.default_value = "8 rows";
  portal.default_source = "not published; rows of 1 KiB cover the round trip of PCIe";
  schema.add(std::move(place)).add(std::move(outstanding)).add(std::move(host)).add(std::move(portal));
}

/// value * share, rounded down.
std::int64_t part_of(std::int64_t value, std::int64_t ppm) { return checked_mul(value, ppm) / kMillion; }

void check(const HailoConfig& c) {
  if (c.features * c.features != c.macs) {
    throw InputError(
        fmt::format("hailo.macs = {}: expected hailo.features squared = {}", c.macs, c.features * c.features));
  }
  if (c.usable_lcus() < 1) {
    throw InputError(fmt::format("allocator.control leaves none of hailo.lcus = {}: expected at least one", c.lcus));
  }
  if (c.usable_subclusters() < 1) {
    throw InputError(
        fmt::format("allocator.compute leaves none of {} sub-clusters: expected at least one", c.all_subclusters()));
  }
}

}  // namespace

std::int64_t HailoConfig::subcluster_bytes() const { return part_of(l2_bytes + l3_bytes / subclusters, memory_cap); }

std::int64_t HailoConfig::usable_l4() const { return part_of(l4_bytes, memory_cap); }

int HailoConfig::usable_lcus() const { return static_cast<int>(part_of(lcus, control_cap)); }

std::int64_t HailoConfig::usable_subclusters() const { return part_of(all_subclusters(), compute_cap); }

PrecisionUse precision_use(Precision precision, const HailoConfig& config) {
  switch (precision) {
    case Precision::int8:
      return {"native", 4, 1, config.weight_bits};
    case Precision::fp16:
      return {"substituted", 2, 2, config.weight_bits};
    case Precision::fp32:
      return {"substituted", 1, 2, 16};
    default:
      throw NotModelled(
          fmt::format("precision {} is not modelled on Hailo chips: expected int8, fp16 or fp32", name(precision)));
  }
}

Schema schema() {
  Schema schema;
  declare_chip(schema);
  declare_layers(schema);
  declare_contexts(schema);
  declare_memories(schema);
  declare_energy(schema);
  return schema;
}

HailoConfig from_settings(const Settings& s) {
  const auto small = [&s](const char* key) { return static_cast<int>(s.integer(key)); };
  HailoConfig c;
  c.clock_hz = s.integer("clock.core");
  c.clock = Clock::from_hertz(c.clock_hz);
  c.clusters = small("hailo.clusters");
  c.subclusters = small("hailo.subclusters");
  c.macs = small("hailo.macs");
  c.features = small("hailo.features");
  c.lcus = small("hailo.lcus");
  c.portal_rows = small("portal.rows");
  c.weight_bits = s.text("hailo.weight_bits") == "4" ? 4 : 8;
  c.vector_lanes = small("apu.lanes");
  c.l2_bytes = s.integer("l2.capacity");
  c.l3_bytes = s.integer("l3.capacity");
  c.l4_bytes = s.integer("l4.capacity");
  c.compute_cap = s.integer("allocator.compute");
  c.control_cap = s.integer("allocator.control");
  c.memory_cap = s.integer("allocator.memory");
  c.slack_rows = small("allocator.slack_rows");
  c.port_bytes = small("layer.port");
  c.row_overhead = small("layer.row_overhead");
  c.frame_overhead = small("layer.frame_overhead");
  c.pipe_latency = small("layer.pipe_latency");
  c.credit_latency = small("layer.credit_latency");
  c.ring_bytes = small("ring.bytes");
  c.ring_hop = small("ring.hop");
  c.config_bytes = small("context.bytes");
  c.config_fixed = s.integer("context.fixed");
  c.config_overhead = s.integer("context.overhead");
  c.context_control = s.integer("context.control");
  c.local_dram = s.text("memory.place") == "local";
  c.local_outstanding = small("local.outstanding");
  c.host_bytes_per_second = c.local_dram ? s.integer("host_memory.bandwidth") : 0;
  c.link = host::resolve_link(s);
  c.dma = host::resolve_dma(s, kDma);
  c.energy = energy_from(s);
  c.idle_microwatts = s.integer("power.idle");
  check(c);
  return c;
}

}  // namespace cyclescope::hailo
