#include "sim/memory/characterise.h"

#include <fmt/format.h>

#include <numeric>
#include <set>
#include <type_traits>

#include "sim/base/checked.h"
#include "sim/memory/dram.h"
#include "sim/memory/traffic.h"

namespace cyclescope::memory {
namespace {

static_assert(std::is_trivially_copyable_v<Measurement>);

constexpr std::array<const char*, kEnergyParts> kEnergyNames{"activate", "read",    "write",     "io",
                                                             "phy",      "refresh", "background"};

/// Where DRAM books what costs energy, in the order of EnergyPart; background is a power.
constexpr std::array<std::pair<const char*, const char*>, kEnergyParts - 1> kActions{{{"dram", "activate"},
                                                                                      {"dram", "read"},
                                                                                      {"dram", "write"},
                                                                                      {"dram", "io"},
                                                                                      {"dram_phy", "burst"},
                                                                                      {"dram", "refresh"}}};

/// Requests of the plan for pattern `pingpong`: as many rows of one bank as never two requests under way share one.
std::vector<std::uint64_t> rows_of_one_bank(const DramConfig& config, std::size_t wanted) {
  const AddressMap map(config);
  const Location home = map.locate(0);
  std::set<std::int64_t> rows{home.row};
  std::vector<std::uint64_t> addresses{0};
  const auto granule = static_cast<std::uint64_t>(config.granule);
  const auto capacity = static_cast<std::uint64_t>(config.capacity());
  for (std::uint64_t address = granule; address < capacity && addresses.size() < wanted; address += granule) {
    const Location location = map.locate(address);
    const bool same_bank = location.data_bus == home.data_bus && location.even_bank == home.even_bank;
    if (same_bank && rows.insert(location.row).second) addresses.push_back(address);
  }
  if (addresses.size() < wanted) {
    throw InputError(
        fmt::format("pattern pingpong needs {} rows in a bank, one more than --outstanding, but "
                    "dram.rows allows {}; expected fewer requests outstanding",
                    wanted, addresses.size()));
  }
  return addresses;
}

TrafficPlan plan_of(const Workload& workload, const DramConfig& config) {
  TrafficPlan plan;
  plan.requests = workload.requests;
  plan.bytes = workload.request_bytes;
  plan.outstanding = static_cast<int>(workload.outstanding);
  plan.bytes_per_second = workload.bytes_per_second;
  plan.read_percent = static_cast<int>(workload.read_percent);
  plan.stride = workload.stride;
  plan.seed = workload.seed;
  if (workload.stride != 0) return plan;
  if (workload.pattern == Pattern::pingpong) {
    plan.order = AddressOrder::listed;
    plan.addresses = rows_of_one_bank(config, static_cast<std::size_t>(workload.outstanding) + 1);
  } else {
    plan.order = AddressOrder::random;
  }
  return plan;
}

/// Smallest latency that at least `percent` of the requests do not exceed, in clocks.
std::int64_t percentile(const std::vector<std::int64_t>& counts, std::int64_t requests, std::int64_t percent) {
  const std::int64_t rank = ceil_div(requests * percent, 100);
  std::int64_t reached = 0;
  for (std::size_t clocks = 0; clocks < counts.size(); ++clocks) {
    reached += counts[clocks];
    if (reached >= rank) return static_cast<std::int64_t>(clocks);
  }
  throw InternalError("latencies of fewer requests than ended");
}

std::int64_t sum(const ledger::LeafSums& sums) { return std::accumulate(sums.begin(), sums.end(), std::int64_t{0}); }

const ledger::Ledger::Action& action(const ledger::Ledger& ledger, EnergyPart part) {
  const auto& [component, action_name] = kActions[static_cast<std::size_t>(part)];
  for (const ledger::Ledger::Action& candidate : ledger.actions()) {
    if (candidate.component == component && candidate.name == action_name) return candidate;
  }
  throw InternalError(fmt::format("memory books no action {}.{}", component, action_name));
}

void add_energy(const ledger::Ledger& ledger, Measurement& result) {
  for (std::size_t part = 0; part < kActions.size(); ++part) {
    const ledger::Ledger::Action& booked = action(ledger, static_cast<EnergyPart>(part));
    result.energy_aj[part] = checked_mul(booked.count, booked.attojoules);
  }
  constexpr Int128 kPerAttojoule = 1000;  // microwatt femtoseconds
  Int128 background = 0;
  for (const ledger::Ledger::Power& power : ledger.powers()) background += Int128{power.microwatts} * result.time;
  result.energy_aj.back() = checked_narrow(background / kPerAttojoule);
}

void add_bus_time(const ledger::Ledger& ledger, Measurement& result) {
  for (ledger::LaneId lane = 0; lane < ledger.lane_count(); ++lane) {
    const ledger::LeafSums& time = ledger.time(lane);
    for (std::size_t leaf = 0; leaf < time.size(); ++leaf) result.bus_time[leaf] += time[leaf];
  }
  const bool closed = sum(result.bus_time) == checked_mul(result.time, result.data_buses);
  if (!closed || result.bus_time[static_cast<std::size_t>(ledger::Leaf::unknown)] != 0) {
    throw InternalError("the time of the data buses does not close");
  }
}

void add_latency(const Traffic& client, const Clock& clock, Measurement& result) {
  const std::vector<std::int64_t>& counts = client.latencies();
  const std::int64_t requests = result.workload.requests;
  result.latency_sum = client.latency_sum();
  result.latency_p50 = clock.cycles(percentile(counts, requests, 50));
  result.latency_p99 = clock.cycles(percentile(counts, requests, 99));
  result.latency_max = clock.cycles(static_cast<std::int64_t>(counts.size()) - 1);
  result.life = client.life();
  if (sum(result.life) != result.latency_sum) throw InternalError("the latency of the requests does not close");
}

}  // namespace

const char* name(EnergyPart part) { return kEnergyNames[static_cast<std::size_t>(part)]; }

Measurement characterise(const config::Settings& settings, const Workload& workload) {
  const DramConfig config = resolve_dram(settings);
  Measurement result;
  result.workload = complete(workload, config);
  result.channels = config.channels;
  result.data_buses = config.data_buses();
  result.peak_bytes_per_second = config.peak_bytes_per_second();

  kernel::initialise();
  ledger::Ledger ledger;
  ledger.keep_activities(false);
  Dram memory("memory", config, ledger);
  const Clock clock(config.clock.cycles(config.ticks_per_clock));
  Traffic client("traffic", memory, clock, plan_of(result.workload, config));
  client.start(0);
  kernel::run_until_quiescent();
  if (!client.finished()) throw InternalError("the memory has left requests without a reply");
  result.time = client.last();
  memory.finish(result.time);
  ledger.finish(result.time);

  result.bytes_read = memory.bytes_read();
  result.bytes_written = memory.bytes_written();
  result.bursts = memory.bursts();
  result.activates = action(ledger, EnergyPart::activate).count;
  add_latency(client, clock, result);
  add_bus_time(ledger, result);
  add_energy(ledger, result);
  return result;
}

}  // namespace cyclescope::memory
