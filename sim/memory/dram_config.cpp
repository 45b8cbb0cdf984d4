#include "sim/memory/dram_config.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace cyclescope::memory {
namespace {

using config::Declaration;
using config::Quantity;

constexpr std::int64_t kNanosecond = 1'000'000;
constexpr std::int64_t kMillisecond = 1'000'000 * kNanosecond;
constexpr std::int64_t kNanojoule = 1'000'000'000;

Declaration number(const char* key, Quantity quantity, const char* unit, std::int64_t minimum, std::int64_t maximum,
                   const char* description) {
  Declaration declaration;
  declaration.key = key;
  declaration.quantity = quantity;
  declaration.unit = unit;
  declaration.description = description;
  declaration.minimum = minimum;
  declaration.maximum = maximum;
  return declaration;
}

Declaration time(const char* key, const char* description) {
  return number(key, Quantity::time, "ns", 0, kMillisecond, description);
}

Declaration energy(const char* key, const char* description) {
  return number(key, Quantity::energy, "pJ", 0, 1000 * kNanojoule, description);
}

Declaration with_default(Declaration declaration, const char* value, const char* why) {
  declaration.default_value = value;
  declaration.default_source = why;
  return declaration;
}

Declaration flag(const char* key, const char* value, const char* why, const char* description) {
  Declaration declaration;
  declaration.key = key;
  declaration.quantity = Quantity::flag;
  declaration.description = description;
  return with_default(std::move(declaration), value, why);
}

Declaration choice(const char* key, std::vector<std::string> choices, const char* description) {
  Declaration declaration;
  declaration.key = key;
  declaration.quantity = Quantity::choice;
  declaration.description = description;
  declaration.choices = std::move(choices);
  return declaration;
}

void declare_organisation(config::Schema& schema) {
  std::vector<std::string> names;
  for (const Technology& technology : technologies()) names.emplace_back(technology.name);
  schema.add(choice("dram.technology", names, "constraint table"));
  const auto count = [&](const char* key, const char* unit, std::int64_t maximum, const char* description) {
    schema.add(number(key, Quantity::count, unit, 1, maximum, description));
  };
  count("dram.channels", "channels", 1024, "channels of this platform, each with its own command bus");
  schema.add(with_default(number("dram.pseudo_channels", Quantity::count, "channels", 1, 2,
                                 "data buses of one channel, which share its command buses"),
                          "1 channels", "only HBM has pseudo-channels"));
  count("dram.channel_bits", "bits", 128, "data width of one channel or pseudo-channel");
  schema.add(with_default(number("dram.ranks", Quantity::count, "ranks", 1, 4, "ranks (HBM: stack ids) on a data bus"),
                          "1 ranks", "one rank"));
  count("dram.bank_groups", "groups", 16, "bank groups of one rank");
  count("dram.banks_per_group", "banks", 16, "banks of one bank group");
  count("dram.rows", "rows", std::int64_t{1} << 24, "rows of one bank");
  schema.add(number("dram.channel_capacity", Quantity::bytes, "MiB", 1, std::int64_t{1} << 40,
                    "capacity of one channel, all pseudo-channels and ranks"));
  schema.add(number("dram.burst_bytes", Quantity::bytes, "B", 8, 256, "bytes of one burst"));
  schema.add(number("dram.row_bytes", Quantity::bytes, "B", 256, 65536, "bytes of one row of one bank"));
  schema.add(number("dram.granule", Quantity::bytes, "B", 32, 4096, "channel interleave granule"));
  schema.add(with_default(choice("dram.mapping", {"interleaved", "RoBaRaCoCh", "ChRaBaRoCo"},
                                 "address bits from most to least significant, see address_map.h"),
                          "interleaved", "keeps all channels and bank groups busy with one stream"));
  schema.add(flag("dram.hash", "on", "row bits folded into bank and channel break power-of-two strides",
                  "XOR row address bits into bank and channel selection"));
}

void declare_timing(config::Schema& schema) {
  schema.add(number("dram.tCK", Quantity::time, "ns", 1000, 100 * kNanosecond, "memory clock period"));
  schema.add(time("dram.RL", "read latency, RD to first data"));
  schema.add(time("dram.WL", "write latency, WR to first data"));
  schema.add(time("dram.tRCD", "ACT to RD, same bank"));
  schema.add(time("dram.tRCD_WR", "ACT to WR, same bank"));
  schema.add(time("dram.tRP", "PRE to ACT, same bank"));
  schema.add(time("dram.tRPab", "PREab to ACT"));
  schema.add(time("dram.tRAS", "ACT to PRE, same bank"));
  schema.add(time("dram.tRC", "ACT to ACT, same bank"));
  schema.add(time("dram.tRRD_S", "ACT to ACT, different bank group"));
  schema.add(time("dram.tRRD_L", "ACT to ACT, same bank group"));
  schema.add(time("dram.tFAW", "window of four ACT"));
  schema.add(number("dram.tCCD_S", Quantity::cycles, "cycles", 1, 64, "column to column, different bank group"));
  schema.add(number("dram.tCCD_L", Quantity::cycles, "cycles", 1, 64, "column to column, same bank group"));
  schema.add(number("dram.burst_clocks", Quantity::cycles, "cycles", 1, 64, "data bus clocks of one burst, BL/n"));
  schema.add(time("dram.tWTR_S", "end of write data to RD, different bank group"));
  schema.add(time("dram.tWTR_L", "end of write data to RD, same bank group"));
  schema.add(time("dram.tWR", "end of write data to PRE, same bank"));
  schema.add(time("dram.tRTP", "RD to PRE, same bank"));
  schema.add(time("dram.tRTW", "RD to WR"));
  schema.add(with_default(number("dram.tPPD", Quantity::cycles, "cycles", 0, 64, "PRE to PRE"), "1 cycles",
                          "technologies without tPPD: the command bus spaces them"));
  schema.add(with_default(
      number("dram.rank_gap", Quantity::cycles, "cycles", 0, 64, "data bus idle between bursts of different ranks"),
      "2 cycles", "usual rank-to-rank switching time"));
}

void declare_refresh(config::Schema& schema) {
  schema.add(with_default(choice("dram.refresh", {"per_bank", "all_bank", "off"}, "kind of refresh command used"),
                          "per_bank", "keeps the other banks working"));
  schema.add(time("dram.tREFI", "average interval of all-bank refresh commands"));
  schema.add(time("dram.tRFCab", "REFab to ACT"));
  schema.add(with_default(time("dram.tRFCpb", "REFpb to ACT, same bank"), "0 ns", "no per-bank refresh"));
  schema.add(with_default(time("dram.tPBR2ACT", "REFpb to ACT, other bank"), "0 ns", "no per-bank refresh"));
  schema.add(with_default(time("dram.tPBR2PBR", "REFpb to REFpb, other bank"), "0 ns", "no per-bank refresh"));
  schema.add(with_default(
      number("dram.refresh_banks_per_command", Quantity::count, "banks", 1, 16, "banks one REFpb refreshes"), "1 banks",
      "one bank; LPDDR5 refreshes a pair"));
  schema.add(with_default(
      number("dram.refresh_postpone", Quantity::count, "commands", 1, 8, "due refresh commands at which one is forced"),
      "8 commands", "JEDEC allows up to eight to be postponed"));
}

void declare_controller(config::Schema& schema) {
  const auto bursts = [&](const char* key, const char* value, const char* why, const char* description) {
    schema.add(with_default(number(key, Quantity::count, "bursts", 1, 4096, description), value, why));
  };
  const char* usual = "customary FR-FCFS controller";
  bursts("dram.read_queue", "64 bursts", usual, "read queue depth of one channel");
  bursts("dram.write_queue", "64 bursts", usual, "write queue depth of one channel");
  bursts("dram.write_high", "48 bursts", "three quarters of the queue", "waiting writes that start a drain");
  bursts("dram.write_low", "16 bursts", "a quarter of the queue", "waiting writes at which a drain ends");
  bursts("dram.direction_batch", "16 bursts", usual, "bursts of one direction before the other's when both wait");
  schema.add(with_default(time("dram.write_age", "age at which a waiting write starts a drain"), "250 ns",
                          "below the starvation limit, above a queue of reads"));
  schema.add(with_default(time("dram.starvation_limit", "age at which a request goes first"), "1000 ns", usual));
  schema.add(with_default(choice("dram.page_policy", {"open_adaptive", "open"},
                                 "open_adaptive: auto-precharge when only other rows of the bank are waited for"),
                          "open_adaptive", "as DRAMSys OpenAdaptive"));
  schema.add(with_default(number("dram.row_hit_cap", Quantity::count, "bursts", 0, 4096,
                                 "younger row hits that may pass an older request for another row of their bank"),
                          "16 bursts", usual));
  schema.add(with_default(time("dram.row_idle", "idle time after which an open row is closed"), "150 ns",
                          "open-adaptive page policy, middle of 100 to 200 ns"));
  schema.add(with_default(time("dram.controller_latency", "controller and PHY latency, each way"), "20 ns", usual));
}

void declare_energy(config::Schema& schema) {
  schema.add(energy("dram.energy_activate", "ACT and PRE of one row"));
  schema.add(energy("dram.energy_read", "core energy of one read burst"));
  schema.add(energy("dram.energy_write", "core energy of one write burst"));
  schema.add(energy("dram.energy_io", "I/O at both ends of one burst"));
  schema.add(energy("dram.energy_phy", "controller and PHY logic for one burst"));
  schema.add(energy("dram.energy_refresh_ab", "one REFab, one rank"));
  schema.add(with_default(energy("dram.energy_refresh_pb", "one REFpb"), "0 pJ", "no per-bank refresh"));
  schema.add(number("dram.background_power", Quantity::power, "mW", 0, 10'000'000,
                    "standby power of one channel or pseudo-channel"));
}

void declare_ideal(config::Schema& schema) {
  schema.add(with_default(choice("memory.ideal", {"off", "on", "port"},
                                 "on: external memory answers at once through the same port; port: it has a bandwidth "
                                 "and nothing else (both hypothetical)"),
                          "off", "real memory"));
  constexpr std::int64_t kMost = 100'000'000'000'000;  // 100 TB/s
  const auto of_port = [](Declaration declaration, const char* none) {
    declaration.only_with = {"memory.ideal", "port"};
    return with_default(std::move(declaration), none, "no such port");
  };
  schema.add(of_port(number("memory.port_bandwidth", Quantity::bandwidth, "GB/s", 0, kMost,
                            "of all reads and writes together, when memory.ideal is port"),
                     "0 GB/s"));
  schema.add(of_port(energy("memory.port_energy", "per byte moved, when memory.ideal is port"), "0 pJ"));
}

}  // namespace

void declare(config::Schema& schema) {
  declare_organisation(schema);
  declare_timing(schema);
  declare_refresh(schema);
  declare_controller(schema);
  declare_energy(schema);
  declare_ideal(schema);
  schema.add(flag("sim.aggregate", "on", "same times, fewer events", "decide several commands per simulation event"));
}

}  // namespace cyclescope::memory
