#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::memory {
namespace {

void require(bool holds, const char* message) {
  if (!holds) throw InputError(fmt::format("memory parameters contradict each other: {}", message));
}

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

TimingClocks clocks_of(const config::Settings& settings, const Clock& clock) {
  const auto ns = [&](const char* key) { return clock.ceil_cycles(settings.integer(key)); };
  const auto cycles = [&](const char* key) { return settings.integer(key); };
  TimingClocks t;
  t.burst = cycles("dram.burst_clocks");
  t.RL = ns("dram.RL");
  t.WL = ns("dram.WL");
  t.tRCD = ns("dram.tRCD");
  t.tRP = ns("dram.tRP");
  t.tRPab = ns("dram.tRPab");
  t.tRAS = ns("dram.tRAS");
  t.tRC = ns("dram.tRC");
  t.tRRD_S = ns("dram.tRRD_S");
  t.tRRD_L = ns("dram.tRRD_L");
  t.tFAW = ns("dram.tFAW");
  t.tCCD_S = cycles("dram.tCCD_S");
  t.tCCD_L = cycles("dram.tCCD_L");
  t.tWTR_S = ns("dram.tWTR_S");
  t.tWTR_L = ns("dram.tWTR_L");
  t.tWR = ns("dram.tWR");
  t.tRTP = ns("dram.tRTP");
  t.tRTW = ns("dram.tRTW");
  t.tPPD = cycles("dram.tPPD");
  t.tREFI = settings.integer("dram.tREFI") / clock.period();
  t.tRFCab = ns("dram.tRFCab");
  t.tRFCpb = ns("dram.tRFCpb");
  t.tPBR2ACT = ns("dram.tPBR2ACT");
  t.tPBR2PBR = ns("dram.tPBR2PBR");
  return t;
}

void check_timing(const config::Settings& settings, const TimingClocks& t) {
  const auto ns = [&](const char* key) { return settings.integer(key); };
  require(ns("dram.tRC") >= ns("dram.tRAS") + ns("dram.tRP"), "dram.tRC >= dram.tRAS + dram.tRP expected");
  require(ns("dram.tRAS") >= ns("dram.tRCD"), "dram.tRAS >= dram.tRCD expected");
  require(ns("dram.tRPab") >= ns("dram.tRP"), "dram.tRPab >= dram.tRP expected");
  require(t.burst <= t.tCCD_S, "dram.burst_clocks <= dram.tCCD_S expected");
  require(t.tCCD_S <= t.tCCD_L, "dram.tCCD_S <= dram.tCCD_L expected");
  require(t.tRRD_S <= t.tRRD_L, "dram.tRRD_S <= dram.tRRD_L expected");
  require(t.tWTR_S <= t.tWTR_L, "dram.tWTR_S <= dram.tWTR_L expected");
  require(t.tRRD_S <= t.tFAW, "dram.tRRD_S <= dram.tFAW expected");
  require(t.tRFCpb <= t.tRFCab, "dram.tRFCpb <= dram.tRFCab expected");
  require(t.tPBR2PBR <= t.tRFCpb, "dram.tPBR2PBR <= dram.tRFCpb expected");
  require(t.RL > 0 && t.WL > 0, "dram.RL and dram.WL of at least one clock (dram.tCK) expected");
  require(t.tRTW + t.WL >= t.RL + t.burst, "dram.tRTW + dram.WL >= dram.RL + dram.burst_clocks expected");
}

void check_organisation(const DramConfig& config, std::int64_t channel_bits) {
  require(config.burst_bytes * 8 % channel_bits == 0, "dram.burst_bytes must be whole beats of dram.channel_bits");
  require(power_of_two(config.bank_groups) && power_of_two(config.banks_per_group) && config.banks() <= 32,
          "dram.bank_groups and dram.banks_per_group must be powers of two, at most 32 banks");
  require(power_of_two(config.granule) && power_of_two(config.row_bytes) && power_of_two(config.burst_bytes),
          "dram.granule, dram.row_bytes and dram.burst_bytes must be powers of two");
  require(config.granule >= 2 * config.burst_bytes, "dram.granule of at least two bursts (dram.burst_bytes) expected");
  require(config.granule <= config.row_bytes, "dram.granule <= dram.row_bytes expected");
  const std::int64_t bursts = config.granule / config.burst_bytes;
  require(bursts <= config.read_queue && bursts <= config.write_queue,
          "dram.read_queue and dram.write_queue must hold one granule (dram.granule / dram.burst_bytes bursts)");
  require(config.write_high <= config.write_queue && config.write_low < config.write_high,
          "dram.write_low < dram.write_high <= dram.write_queue expected");
  require(config.controller_latency >= config.clock.period(), "dram.controller_latency >= dram.tCK expected");
}

void resolve_refresh(const config::Settings& settings, DramConfig& config) {
  constexpr RefreshMode kModes[] = {RefreshMode::per_bank, RefreshMode::all_bank, RefreshMode::off};
  config.refresh = kModes[settings.integer("dram.refresh")];
  config.refresh_banks = static_cast<int>(settings.integer("dram.refresh_banks_per_command"));
  config.refresh_postpone = static_cast<int>(settings.integer("dram.refresh_postpone"));
  require(config.banks() % config.refresh_banks == 0, "dram.refresh_banks_per_command must divide the number of banks");
  const bool per_bank = config.refresh == RefreshMode::per_bank;
  const std::int64_t commands = per_bank ? config.banks() / config.refresh_banks : 1;
  config.refresh_interval = settings.integer("dram.tREFI") / (config.clock.period() * commands);
  const TimingClocks& t = config.timing;
  const Tick busy = per_bank ? t.tRC + t.tRFCpb : t.tRC + t.tRFCab;
  require(config.refresh == RefreshMode::off || config.refresh_interval > busy,
          "dram.tREFI leaves no time for traffic (dram.tRFCab or dram.tRFCpb)");
}

DramEnergy energy_of(const config::Settings& settings, RefreshMode mode) {
  DramEnergy energy;
  energy.activate = settings.integer("dram.energy_activate");
  energy.read = settings.integer("dram.energy_read");
  energy.write = settings.integer("dram.energy_write");
  energy.io = settings.integer("dram.energy_io");
  energy.phy = settings.integer("dram.energy_phy");
  const bool all = mode == RefreshMode::all_bank;
  energy.refresh = settings.integer(all ? "dram.energy_refresh_ab" : "dram.energy_refresh_pb");
  energy.background_microwatts = settings.integer("dram.background_power");
  return energy;
}

}  // namespace

std::int64_t DramConfig::capacity() const {
  return checked_mul(checked_mul(rows, row_bytes), std::int64_t{channels} * banks());
}

std::int64_t DramConfig::peak_bytes_per_second() const {
  constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const Int128 bytes = static_cast<Int128>(burst_bytes) * channels * kFemtosecondsPerSecond;
  return checked_narrow(bytes / clock.cycles(timing.tCCD_S));
}

DramConfig resolve_dram(const config::Settings& settings) {
  const auto count = [&](const char* key) { return static_cast<int>(settings.integer(key)); };
  DramConfig config;
  config.clock = Clock(settings.integer("dram.tCK"));
  config.timing = clocks_of(settings, config.clock);
  config.table = lpddr5_table(config.timing);
  config.channels = count("dram.channels");
  config.bank_groups = count("dram.bank_groups");
  config.banks_per_group = count("dram.banks_per_group");
  config.burst_bytes = settings.integer("dram.burst_bytes");
  config.row_bytes = settings.integer("dram.row_bytes");
  config.rows = settings.integer("dram.rows");
  config.granule = settings.integer("dram.granule");
  config.hash = settings.flag("dram.hash");
  config.read_queue = count("dram.read_queue");
  config.write_queue = count("dram.write_queue");
  config.write_high = count("dram.write_high");
  config.write_low = count("dram.write_low");
  config.direction_batch = count("dram.direction_batch");
  config.write_age = config.clock.ceil_cycles(settings.integer("dram.write_age"));
  config.starvation_limit = config.clock.ceil_cycles(settings.integer("dram.starvation_limit"));
  config.row_idle = config.clock.ceil_cycles(settings.integer("dram.row_idle"));
  config.controller_latency = settings.integer("dram.controller_latency");
  config.aggregate = settings.flag("sim.aggregate");
  check_timing(settings, config.timing);
  check_organisation(config, settings.integer("dram.channel_bits"));
  resolve_refresh(settings, config);
  config.energy = energy_of(settings, config.refresh);
  return config;
}

}  // namespace cyclescope::memory
