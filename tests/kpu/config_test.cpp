// The platform file of KPU-T64: contradictions are named, and no key is there for nothing.
#include <map>

#include "arch/kpu/family.h"
#include "sim/memory/dram_config.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

using Values = std::vector<std::int64_t>;

/// Everything that the family takes from a platform file for itself.
Values values_of(const KpuConfig& c) {
  const EnergyConfig& e = c.energy;
  Values values{c.mesh_width,
                c.mesh_height,
                c.tiles,
                c.clock_hz,
                c.rows,
                c.columns,
                c.multicast,
                c.interleave_drain,
                c.ingress_depth,
                c.egress_depth,
                c.register_array,
                static_cast<std::int64_t>(c.matrix_use),
                c.k_split,
                c.vector_lanes,
                c.vector_depth,
                c.line_bytes,
                c.l2_latency,
                c.l3_latency,
                c.l3_banks,
                c.l2_bytes,
                c.l3_bytes,
                c.streamer_setup,
                c.block_mover_setup,
                c.block_mover_queue,
                c.slice_steps,
                c.flit_bytes,
                c.mesh_buffer,
                c.router_latency,
                c.link_latency,
                c.mesh_credit_latency,
                c.dma_engines,
                c.dma_setup,
                c.dma_outstanding,
                c.request_bytes,
                c.packet_bytes,
                c.launch_cycles,
                c.signal_latency,
                c.program_bytes,
                c.program_cache,
                c.prefetch_operators,
                c.weight_window,
                c.staging_blocks,
                c.spill_buffers,
                c.load_bytes,
                c.load_alignment,
                c.idle_microwatts,
                c.ideal_operands,
                e.mac_int8,
                e.mac_bf16,
                e.mac_fp32,
                e.pe_hop,
                e.pe_register,
                e.drain_hop,
                e.l1_write,
                e.l1_read,
                e.l2_write,
                e.l2_read,
                e.l3_write,
                e.l3_read,
                e.streamer,
                e.block_mover,
                e.dma,
                e.descriptor,
                e.flit_hop,
                e.vector_pass,
                e.program_load};
  for (const TileKind& k : c.kinds) {
    for (const std::int64_t value : {std::int64_t{k.rows}, std::int64_t{k.columns}, std::int64_t{k.weight_stationary},
                                     std::int64_t{k.cell_m}, std::int64_t{k.cell_n}, std::int64_t{k.cell_k},
                                     std::int64_t{k.quarter_macs_int8}, std::int64_t{k.quarter_macs_bf16},
                                     std::int64_t{k.quarter_macs_fp32}, k.port_bytes, std::int64_t{k.ingress_depth}}) {
      values.push_back(value);
    }
  }
  values.insert(values.end(), c.kind_of_tile.begin(), c.kind_of_tile.end());
  return values;
}

/// Everything that the external memory takes from it.
Values values_of(const memory::DramConfig& d) {
  const memory::TimingClocks& t = d.timing;
  const memory::DramEnergy& e = d.energy;
  return {d.clock.period(),
          t.burst,
          t.RL,
          t.WL,
          t.tRCD,
          t.tRCD_WR,
          t.tRP,
          t.tRPab,
          t.tRAS,
          t.tRC,
          t.tRRD_S,
          t.tRRD_L,
          t.tFAW,
          t.tCCD_S,
          t.tCCD_L,
          t.tWTR_S,
          t.tWTR_L,
          t.tWR,
          t.tRTP,
          t.tRTW,
          t.tPPD,
          t.rank_gap,
          t.tREFI,
          t.tRFCab,
          t.tRFCpb,
          t.tPBR2ACT,
          t.tPBR2PBR,
          d.channels,
          d.pseudo_channels,
          d.banks.ranks,
          d.banks.bank_groups,
          d.banks.banks_per_group,
          static_cast<std::int64_t>(d.table.rules.size()),
          d.table.forms.front().slot,
          static_cast<std::int64_t>(d.mapping),
          d.burst_bytes,
          d.row_bytes,
          d.rows,
          d.granule,
          d.hash,
          static_cast<std::int64_t>(d.refresh),
          d.refresh_banks,
          d.refresh_interval,
          d.refresh_postpone,
          d.read_queue,
          d.write_queue,
          d.write_high,
          d.write_low,
          d.direction_batch,
          d.write_age,
          d.starvation_limit,
          d.auto_precharge,
          d.row_hit_cap,
          d.row_idle,
          d.controller_latency,
          e.activate,
          e.read,
          e.write,
          e.io,
          e.phy,
          e.refresh,
          e.background_microwatts,
          d.aggregate};
}

Values values_of(const config::Settings& all) {
  Values values = values_of(from_settings(all));
  const Values memory = values_of(memory::resolve_dram(all));
  values.insert(values.end(), memory.begin(), memory.end());
  return values;
}

/// Other values of a parameter, in the syntax of --set.
std::vector<std::string> alternatives(const config::Setting& setting) {
  const config::Declaration& declared = *setting.declaration;
  std::vector<std::string> texts;
  switch (declared.quantity) {
    case config::Quantity::text:
      return {};
    case config::Quantity::flag:
      return {setting.integer == 0 ? "on" : "off"};
    case config::Quantity::choice:
      for (const std::string& word : declared.choices) {
        if (word != setting.text) texts.push_back(word);
      }
      return texts;
    default:
      break;
  }
  const std::map<config::Quantity, std::string> units{
      {config::Quantity::count, declared.unit}, {config::Quantity::cycles, "cycles"}, {config::Quantity::time, "fs"},
      {config::Quantity::frequency, "Hz"},      {config::Quantity::bytes, "B"},       {config::Quantity::energy, "aJ"},
      {config::Quantity::power, "uW"},          {config::Quantity::bandwidth, "B/s"}};
  const std::int64_t now = setting.integer;
  for (const std::int64_t value : {2 * now, now / 2, now + 1, declared.minimum, declared.maximum}) {
    if (value == now || value < declared.minimum || value > declared.maximum) continue;
    texts.push_back(std::to_string(value) + " " + units.at(declared.quantity));
  }
  return texts;
}

/// Whether another value of `key` changes what is read, or contradicts another key, on a platform with `context`.
bool is_read(const std::string& key, const std::vector<std::string>& context) {
  const config::Settings base = settings(context);
  const Values before = values_of(base);
  for (const std::string& text : alternatives(base.at(key))) {
    std::vector<std::string> overrides = context;
    overrides.push_back(key + "=" + text);
    const config::Settings changed = settings(overrides);
    try {
      if (values_of(changed) != before) return true;
    } catch (const InputError& error) {
      if (std::string(error.what()).find(key) != std::string::npos) return true;
    }
  }
  return false;
}

std::string contradiction(const std::vector<std::string>& overrides) {
  return workloads::refusal([&] { chip(overrides); });
}

}  // namespace

TEST_CASE("settings that contradict each other are refused with their keys") {
  using Catch::Contains;
  CHECK_THAT(contradiction({"mesh.width=7 nodes"}),
             Contains("kpu.tiles = 64") && Contains("mesh.width") && Contains("7 x 9 = 63"));
  CHECK_THAT(contradiction({"mesh.height=65 nodes"}), Contains("kpu.tiles") && Contains("mesh.height"));
  CHECK_THAT(contradiction({"mesh.width=8 nodes", "mesh.height=16 nodes"}),
             Contains("kpu.tiles = 64") && Contains("8 x 16 = 128"));
  for (const char* small : {"mesh.buffer=64 flits", "mesh.flit=4 B", "mesh.packet=4 KiB"}) {  // less than a packet
    INFO(small);
    CHECK_THAT(contradiction({small}), Contains("mesh.buffer") && Contains("mesh.packet") && Contains("mesh.flit"));
  }
  CHECK_NOTHROW(chip({"mesh.buffer=65 flits"}));  // 1 KiB of 16 B and a header
  CHECK_NOTHROW(chip({"mesh.flit=8 B"}));
  CHECK_THAT(contradiction({"mesh.packet=640 B"}),  // two requests and a half
             Contains("mesh.packet = 640 B") && Contains("dma.packet = 256 B"));
  CHECK_NOTHROW(chip({"mesh.packet=640 B", "dma.packet=128 B"}));
  CHECK_THAT(contradiction({"lowering.load_alignment=128 B"}),  // a packet must not cross a granule of the memory
             Contains("lowering.load_alignment = 128 B") && Contains("dma.packet = 256 B"));
  CHECK_THAT(contradiction({"l3.banks=3 banks"}), Contains("l3.banks"));  // a turn for each of four clients
  for (const char* engines : {"dma.engines=3 engines", "dma.engines=4 engines", "dma.engines=16 engines"}) {
    CHECK_NOTHROW(chip({engines}));
  }
  CHECK_THAT(contradiction({"matrix_tile.cell=4x4x4"}),
             Contains("matrix_tile.cell = 4x4x4") && Contains("matrix_tile.int8_rate = 256") && Contains("not 4"));
  // Two BF16 lanes of a PE in four clocks are half a lane of a cell: no fold can be made of that.
  CHECK_THAT(contradiction({"matrix_tile.dataflow=weight_stationary"}),
             Contains("matrix_tile.bf16_rate") && Contains("weight_stationary") && Contains("not 2"));
  CHECK_NOTHROW(chip({"matrix_tile.dataflow=weight_stationary", "matrix_tile.bf16_rate=0 quarter_MAC"}));
  CHECK_THAT(contradiction({"matrix_tile.columns=64 PE"}), Contains("array.ingress_depth") && Contains("matrix_tile"));
  CHECK_THAT(contradiction({"tiles.int8=0 tiles", "tiles.bf16=0 tiles", "tiles.matrix=0 tiles"}),
             Contains("tiles.int8") && Contains("tiles.matrix"));
}

TEST_CASE("a request of more than the memory's interleave granule is refused") {
  Net net;
  const Graph graph = net.finish(net.convolution(net.input({1, 3, 4, 4}), {8}));
  const std::string message =
      workloads::refusal([&] { family().run(graph, settings({"dma.packet=512 B"}), machine::RunOptions{}); });
  CHECK_THAT(message, Catch::Contains("dma.packet") && Catch::Contains("256 B"));
}

TEST_CASE("every declared key is read") {
  // Read before there is a chip (by the list of platforms) or by the factory of the memory.
  const std::set<std::string> elsewhere{"platform.family", "platform.description", "memory.ideal",
                                        "memory.port_bandwidth", "memory.port_energy"};
  const config::Schema all = schema();
  for (const auto& [key, declared] : all.declarations()) {
    if (elsewhere.count(key) == 1) continue;
    INFO(key << ": " << declared.description);
    const std::vector<std::string> stationary{"matrix_tile.dataflow=weight_stationary",
                                              "matrix_tile.bf16_rate=4 quarter_MAC"};
    const bool read =
        declared.only_with ? is_read(key, stationary) : is_read(key, {}) || is_read(key, {"dram.refresh=all_bank"});
    CHECK(read);
  }
}

TEST_CASE("KPU-T64 has the catalogue's sizes") {
  const KpuConfig c = chip();
  CHECK(c.tiles == 8 * 8);
  CHECK(c.tiles * c.rows * c.columns == 65536);  // MAC per clock
  CHECK(c.clock_hz == 475'000'000);              // 65536 x 2 x 475 MHz = 62.3 TOPS, the catalogue's INT8 peak
  CHECK(c.l2_bytes == 32 * 1024);
  CHECK(c.l3_bytes * c.tiles == 16 * 1024 * 1024);
  CHECK(2 * c.vector_lanes == c.columns);  // balances a drain of one result per column every two clocks
  const memory::DramConfig memory = memory::resolve_dram(settings());
  CHECK(memory.peak_bytes_per_second() == 64'000'000'000);
}
