#include "sim/host/link_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::host {
namespace {

using config::Declaration;
using config::Quantity;
using config::Settings;

constexpr std::int64_t kNanosecond = 1'000'000;
constexpr std::int64_t kMillisecond = 1'000'000 * kNanosecond;

Declaration number(const char* key, Quantity quantity, const char* unit, std::int64_t minimum, std::int64_t maximum,
                   const char* value, const char* why, const char* description) {
  Declaration declaration;
  declaration.key = key;
  declaration.quantity = quantity;
  declaration.unit = unit;
  declaration.description = description;
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  declaration.default_value = value;
  declaration.default_source = why;
  return declaration;
}

Declaration required(Declaration declaration) {
  declaration.default_value.reset();
  declaration.default_source.clear();
  return declaration;
}

Declaration bytes(const char* key, std::int64_t minimum, std::int64_t maximum, const char* value, const char* why,
                  const char* description) {
  return number(key, Quantity::bytes, "B", minimum, maximum, value, why, description);
}

Declaration count(const char* key, const char* unit, std::int64_t maximum, const char* value, const char* why,
                  const char* description) {
  return number(key, Quantity::count, unit, 1, maximum, value, why, description);
}

Declaration price(const char* key, const char* description) {
  constexpr std::int64_t kNanojoule = 1'000'000'000;
  return required(number(key, Quantity::energy, "pJ", 0, 1000 * kNanojoule, "", "", description));
}

void declare_host(config::Schema& schema) {
  Declaration link;
  link.key = "host.link";
  link.quantity = Quantity::choice;
  link.choices = {"pcie", "usb3"};
  link.description = "kind of link between device and host";
  schema.add(std::move(link));
  schema.add(number("host.unit_interval", Quantity::time, "ns", 0, kMillisecond, "0 ns", "nominal of the link",
                    "time of one transfer on one lane; 0: that of pcie.generation or of 5 Gb/s"));
  schema.add(number("host.latency", Quantity::time, "ns", 1, kMillisecond, "200 ns",
                    "a read of 64 B takes about 550 ns on a server, Neugebauer et al., SIGCOMM 2018",
                    "one way between the end of a packet on the wire and the host's memory port"));
  schema.add(number("host.device_latency", Quantity::time, "ns", 1, kMillisecond, "20 ns", "not published",
                    "one way between a device module and the wire"));
  schema.add(number("host.clock", Quantity::frequency, "MHz", 1'000'000, 10'000'000'000, "1000 MHz", "not published",
                    "clock of the host's end of the link"));
  schema.add(count("host.memory_outstanding", "requests", 65536, "256 requests", "never the bottleneck",
                   "requests the host's end has under way at the host memory"));
  schema.add(price("host.energy_device", "device side of the link, per byte on the wire"));
  schema.add(price("host.energy_host", "host side of the link, per byte on the wire"));
}

void declare_pcie(config::Schema& schema) {
  schema.add(count("pcie.generation", "generation", 6, "3 generation", "most devices", "PCI Express generation"));
  schema.add(count("pcie.lanes", "lanes", 16, "4 lanes", "M.2 module, key M", "lanes in use: 1, 2, 4, 8 or 16"));
  schema.add(bytes("pcie.max_payload", 128, 4096, "256 B", "usual of root ports", "largest payload of a packet"));
  schema.add(
      bytes("pcie.max_read_request", 128, 4096, "512 B", "default of the specification", "largest read request"));
  schema.add(bytes("pcie.read_completion_boundary", 64, 128, "64 B", "default of the specification",
                   "completions end on multiples of it"));
  schema.add(bytes("pcie.request_header", 12, 16, "16 B", "buffers above 4 GiB",
                   "header of a memory request: 12 B with 32-bit addresses, 16 B with 64-bit ones"));
  schema.add(count("pcie.tags", "requests", 1024, "32 requests", "five-bit tags", "read requests under way"));
  schema.add(bytes("pcie.completion_buffer", 64, 1 << 24, "16 KiB", "32 requests of 512 B",
                   "bytes the device may have asked for and not got"));
  schema.add(bytes("pcie.posted_buffer", 64, 1 << 24, "16 KiB", "not published",
                   "bytes of writes the host's end can hold: its posted data credits"));
  schema.add(count("pcie.packets_per_ack", "packets", 64, "2 packets", "about the ACK factor of the specification",
                   "packets acknowledged by one ACK"));
  schema.add(count("pcie.packets_per_update", "packets", 64, "2 packets", "like ACK",
                   "freed writes per return of credits (UpdateFC)"));
}

void declare_usb(config::Schema& schema) {
  schema.add(bytes("usb3.packet", 64, 1024, "1024 B", "bulk endpoint, the specification", "payload of a data packet"));
  schema.add(count("usb3.burst", "packets", 16, "16 packets", "largest burst of a bulk endpoint",
                   "data packets of one direction that are under way unacknowledged"));
}

void require(bool holds, const char* message) {
  if (!holds) throw InputError(fmt::format("host link parameters contradict each other: {}", message));
}

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

/// Sets the time of a byte from the unit interval and the line code.
void set_rate(LinkConfig& config, const Settings& settings, Femtoseconds nominal, bool long_code, std::int64_t lanes) {
  const Femtoseconds given = settings.integer("host.unit_interval");
  const Femtoseconds interval = given != 0 ? given : nominal;
  config.byte_num = checked_mul(interval, 8 * (long_code ? 130 : 10));
  config.byte_den = (long_code ? 128 : 8) * lanes;
}

void resolve_pcie(const Settings& settings, LinkConfig& config) {
  constexpr Femtoseconds kInterval[] = {400'000, 200'000, 125'000, 62'500, 31'250};
  constexpr std::int64_t kFraming = 8;  // framing and sequence number 4 B, LCRC 4 B
  constexpr std::int64_t kCompletionHeader = 12;
  constexpr std::int64_t kDataLinkPacket = 8;
  const std::int64_t generation = settings.integer("pcie.generation");
  if (generation > 5) {
    throw NotModelled(fmt::format("pcie.generation = {}: 1 to 5 expected, FLIT mode is not modelled", generation));
  }
  const std::int64_t lanes = settings.integer("pcie.lanes");
  require(power_of_two(lanes), "pcie.lanes of 1, 2, 4, 8 or 16 expected");
  set_rate(config, settings, kInterval[generation - 1], generation >= 3, lanes);
  const std::int64_t header = settings.integer("pcie.request_header");
  require(header == 12 || header == 16, "pcie.request_header of 12 B or 16 B expected");
  config.request_bytes = config.write_overhead = header + kFraming;
  config.completion_overhead = kCompletionHeader + kFraming;
  config.max_payload = settings.integer("pcie.max_payload");
  config.max_request = settings.integer("pcie.max_read_request");
  config.boundary = settings.integer("pcie.read_completion_boundary");
  config.credit_unit = 16;
  config.tags = static_cast<int>(settings.integer("pcie.tags"));
  config.completion_buffer = settings.integer("pcie.completion_buffer");
  config.posted_buffer = settings.integer("pcie.posted_buffer");
  config.ack_bytes = config.update_bytes = kDataLinkPacket;
  config.packets_per_ack = static_cast<int>(settings.integer("pcie.packets_per_ack"));
  config.packets_per_update = static_cast<int>(settings.integer("pcie.packets_per_update"));
  require(power_of_two(config.max_payload) && power_of_two(config.max_request),
          "pcie.max_payload and pcie.max_read_request must be powers of two");
  require(power_of_two(config.boundary), "pcie.read_completion_boundary of 64 B or 128 B expected");
  require(config.completion_buffer >= config.max_request, "pcie.completion_buffer >= pcie.max_read_request expected");
  require(config.posted_buffer >= std::min(config.max_payload, config.max_request),
          "pcie.posted_buffer must hold a packet (pcie.max_payload, pcie.max_read_request)");
}

void resolve_usb(const Settings& settings, LinkConfig& config) {
  constexpr Femtoseconds kInterval = 200'000;  // 5 Gb/s
  constexpr std::int64_t kHeaderPacket = 20;   // also a whole transaction packet
  constexpr std::int64_t kPayloadFraming = 12;
  constexpr std::int64_t kLinkCommand = 8;
  set_rate(config, settings, kInterval, false, 1);
  const std::int64_t packet = settings.integer("usb3.packet");
  const std::int64_t burst = settings.integer("usb3.burst");
  require(power_of_two(packet), "usb3.packet must be a power of two");
  config.request_bytes = kHeaderPacket;
  config.write_overhead = config.completion_overhead = kHeaderPacket + kPayloadFraming;
  config.max_payload = config.max_request = config.boundary = config.credit_unit = packet;
  config.tags = static_cast<int>(burst);
  config.completion_buffer = config.posted_buffer = burst * packet;
  config.ack_bytes = 2 * kLinkCommand;  // LGOOD and LCRD
  config.update_bytes = kHeaderPacket;
  config.updates_acknowledged = true;
}

}  // namespace

std::int64_t LinkConfig::peak_bytes_per_second() const {
  constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const std::int64_t payload = std::min(max_payload, max_request);
  const std::int64_t packet = payload + std::min(write_overhead, completion_overhead);
  const Int128 time = static_cast<Int128>(packet) * byte_num;
  return checked_narrow((static_cast<Int128>(payload) * byte_den * kFemtosecondsPerSecond + time - 1) / time);
}

void declare(config::Schema& schema) {
  declare_host(schema);
  declare_pcie(schema);
  declare_usb(schema);
}

LinkConfig resolve_link(const Settings& settings) {
  LinkConfig config;
  config.host_clock = Clock::from_hertz(settings.integer("host.clock"));
  config.latency = settings.integer("host.latency");
  config.device_latency = settings.integer("host.device_latency");
  config.memory_outstanding = static_cast<int>(settings.integer("host.memory_outstanding"));
  config.device_attojoules = settings.integer("host.energy_device");
  config.host_attojoules = settings.integer("host.energy_host");
  if (settings.text("host.link") == "usb3") {
    resolve_usb(settings, config);
  } else {
    resolve_pcie(settings, config);
  }
  return config;
}

}  // namespace cyclescope::host
