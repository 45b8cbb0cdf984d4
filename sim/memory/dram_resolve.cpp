#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::memory {
namespace {

void require(bool holds, const char* message) {
  if (!holds) throw InputError(fmt::format("memory parameters contradict each other: {}", message));
}

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

TimingClocks clocks_of(const config::Settings& settings, const Clock& clock, Tick ticks) {
  const auto ns = [&](const char* key) { return ticks * clock.ceil_cycles(settings.integer(key)); };
  const auto cycles = [&](const char* key) { return ticks * settings.integer(key); };
  TimingClocks t;
  t.burst = cycles("dram.burst_clocks");
  t.RL = ns("dram.RL");
  t.WL = ns("dram.WL");
  t.tRCD = ns("dram.tRCD");
  t.tRCD_WR = ns("dram.tRCD_WR");
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
  t.rank_gap = cycles("dram.rank_gap");
  t.tREFI = ticks * (settings.integer("dram.tREFI") / clock.period());
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
  require(ns("dram.tRAS") >= ns("dram.tRCD_WR"), "dram.tRAS >= dram.tRCD_WR expected");
  require(ns("dram.tRPab") >= ns("dram.tRP"), "dram.tRPab >= dram.tRP expected");
  require(t.burst <= t.tCCD_S, "dram.burst_clocks <= dram.tCCD_S expected");
  require(t.tCCD_S <= t.tCCD_L, "dram.tCCD_S <= dram.tCCD_L expected");
  require(t.tRRD_S <= t.tRRD_L, "dram.tRRD_S <= dram.tRRD_L expected");
  require(t.tWTR_S <= t.tWTR_L, "dram.tWTR_S <= dram.tWTR_L expected");
  require(t.tRRD_S <= t.tFAW, "dram.tRRD_S <= dram.tFAW expected");
  require(t.tRFCpb <= t.tRFCab, "dram.tRFCpb <= dram.tRFCab expected");
  require(t.RL > 0 && t.WL > 0, "dram.RL and dram.WL of at least one clock (dram.tCK) expected");
  require(t.tRTW + t.WL >= t.RL + t.burst, "dram.tRTW + dram.WL >= dram.RL + dram.burst_clocks expected");
}

void check_organisation(const config::Settings& settings, const DramConfig& config) {
  require(config.burst_bytes * 8 % settings.integer("dram.channel_bits") == 0,
          "dram.burst_bytes must be whole beats of dram.channel_bits");
  const BankGeometry& banks = config.banks;
  require(power_of_two(banks.ranks) && power_of_two(banks.bank_groups) && power_of_two(banks.banks_per_group) &&
              banks.banks() <= static_cast<int>(kMaxBanks),
          "dram.ranks, dram.bank_groups and dram.banks_per_group must be powers of two, at most 64 banks in all");
  require(power_of_two(config.granule) && power_of_two(config.row_bytes) && power_of_two(config.burst_bytes),
          "dram.granule, dram.row_bytes and dram.burst_bytes must be powers of two");
  require(config.granule >= 2 * config.burst_bytes, "dram.granule of at least two bursts (dram.burst_bytes) expected");
  require(config.granule <= config.row_bytes, "dram.granule <= dram.row_bytes expected");
  const std::int64_t addressed = config.capacity() / config.channels;
  if (settings.integer("dram.channel_capacity") != addressed) {
    throw InputError(fmt::format(
        "memory parameters contradict each other: dram.channel_capacity is {} B, but dram.rows, dram.row_bytes, "
        "dram.banks_per_group, dram.bank_groups, dram.ranks and dram.pseudo_channels address {} B",
        settings.integer("dram.channel_capacity"), addressed));
  }
}

void check_controller(const DramConfig& config, const Clock& clock) {
  const std::int64_t bursts = config.granule / config.burst_bytes;
  require(bursts <= config.read_queue && bursts <= config.write_queue,
          "dram.read_queue and dram.write_queue must hold one granule (dram.granule / dram.burst_bytes bursts)");
  require(config.write_high <= config.write_queue && config.write_low < config.write_high,
          "dram.write_low < dram.write_high <= dram.write_queue expected");
  require(config.controller_latency >= clock.period(), "dram.controller_latency >= dram.tCK expected");
}

void resolve_refresh(const config::Settings& settings, const Technology& technology, DramConfig& config) {
  constexpr RefreshMode kModes[] = {RefreshMode::per_bank, RefreshMode::all_bank, RefreshMode::off};
  config.refresh = kModes[settings.integer("dram.refresh")];
  config.refresh_postpone = static_cast<int>(settings.integer("dram.refresh_postpone"));
  const bool per_bank = config.refresh == RefreshMode::per_bank;
  const TimingClocks& t = config.timing;
  if (per_bank && !(technology.refreshes_single_banks && t.tRFCpb > 0)) {
    throw InputError(fmt::format("dram.refresh = per_bank, but {}: expected all_bank or off",
                                 technology.refreshes_single_banks
                                     ? "dram.tRFCpb is zero"
                                     : fmt::format("dram.technology = {} has no such command", technology.name)));
  }
  const int all = technology.refreshes_all_ranks ? config.banks.banks() : config.banks.banks_per_rank();
  config.refresh_banks = per_bank ? static_cast<int>(settings.integer("dram.refresh_banks_per_command")) : all;
  require(!per_bank || config.banks.banks_per_rank() % config.refresh_banks == 0,
          "dram.refresh_banks_per_command must divide the number of banks of a rank");
  const std::int64_t commands = config.banks.banks() / config.refresh_banks;
  config.refresh_interval = t.tREFI / commands;
  const Tick busy = per_bank ? t.tRC + t.tRFCpb : t.tRC + t.tRFCab;
  require(config.refresh == RefreshMode::off || t.tREFI > busy,
          "dram.tREFI leaves no time for traffic (dram.tRFCab or dram.tRFCpb)");
  require(!per_bank || t.tPBR2PBR <= t.tRFCpb, "dram.tPBR2PBR <= dram.tRFCpb expected");
  require(!per_bank || config.refresh_interval * config.banks.ranks > t.tPBR2PBR,
          "dram.tREFI leaves no time between commands (dram.tPBR2PBR)");
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
  return checked_mul(checked_mul(rows, row_bytes), std::int64_t{data_buses()} * banks.banks());
}

std::int64_t DramConfig::peak_bytes_per_second() const {
  constexpr std::int64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const Int128 bytes = static_cast<Int128>(burst_bytes) * data_buses() * kFemtosecondsPerSecond;
  return checked_narrow(bytes / clock.cycles(timing.tCCD_S));
}

DramConfig resolve_dram(const config::Settings& settings) {
  const auto count = [&](const char* key) { return static_cast<int>(settings.integer(key)); };
  DramConfig config;
  const Technology& technology = technologies()[static_cast<std::size_t>(settings.integer("dram.technology"))];
  const Clock clock(settings.integer("dram.tCK"));
  require(clock.period() % technology.ticks_per_clock == 0, "dram.tCK must be a whole number of half clocks in fs");
  config.clock = Clock(clock.period() / technology.ticks_per_clock);
  config.ticks_per_clock = technology.ticks_per_clock;
  config.timing = clocks_of(settings, clock, technology.ticks_per_clock);
  config.table = technology.table(config.timing);
  config.channels = count("dram.channels");
  config.pseudo_channels = count("dram.pseudo_channels");
  config.banks = {count("dram.ranks"), count("dram.bank_groups"), count("dram.banks_per_group")};
  config.burst_bytes = settings.integer("dram.burst_bytes");
  config.row_bytes = settings.integer("dram.row_bytes");
  config.rows = settings.integer("dram.rows");
  config.granule = settings.integer("dram.granule");
  constexpr Mapping kMappings[] = {Mapping::interleaved, Mapping::row_bank_column, Mapping::bank_row_column};
  config.mapping = kMappings[settings.integer("dram.mapping")];
  config.hash = settings.flag("dram.hash");
  config.read_queue = count("dram.read_queue");
  config.write_queue = count("dram.write_queue");
  config.write_high = count("dram.write_high");
  config.write_low = count("dram.write_low");
  config.direction_batch = count("dram.direction_batch");
  config.write_age = config.clock.ceil_cycles(settings.integer("dram.write_age"));
  config.starvation_limit = config.clock.ceil_cycles(settings.integer("dram.starvation_limit"));
  config.row_hit_cap = count("dram.row_hit_cap");
  config.auto_precharge = settings.integer("dram.page_policy") == 0;
  config.row_idle = config.clock.ceil_cycles(settings.integer("dram.row_idle"));
  config.controller_latency = settings.integer("dram.controller_latency");
  config.aggregate = settings.flag("sim.aggregate");
  check_timing(settings, config.timing);
  check_organisation(settings, config);
  check_controller(config, clock);
  resolve_refresh(settings, technology, config);
  config.energy = energy_of(settings, config.refresh);
  return config;
}

}  // namespace cyclescope::memory
