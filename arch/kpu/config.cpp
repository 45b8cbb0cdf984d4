#include "arch/kpu/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "arch/kpu/energy_config.h"
#include "arch/kpu/tile_kinds.h"
#include "sim/base/checked.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::kpu {
namespace {

using config::Declaration;
using config::Quantity;
using config::Schema;
using config::Settings;

/// Words for lowering.k_split and what they stand for in KpuConfig::k_split.
constexpr std::array<std::pair<const char*, int>, 6> kSplits{
    {{"auto", 0}, {"off", 1}, {"2", 2}, {"3", 3}, {"4", 4}, {"8", 8}}};

std::vector<std::string> split_words() {
  std::vector<std::string> words;
  for (const auto& [word, parts] : kSplits) words.emplace_back(word);
  return words;
}

Declaration integer(const char* key, const char* unit, std::int64_t minimum, std::int64_t maximum, const char* text) {
  return {key, Quantity::count, unit, text, minimum, maximum, {}, {}, {}};
}

Declaration clocks(const char* key, std::int64_t minimum, std::int64_t maximum, const char* text) {
  return {key, Quantity::cycles, "cycles", text, minimum, maximum, {}, {}, {}};
}

Declaration bytes(const char* key, std::int64_t minimum, std::int64_t maximum, const char* text) {
  return {key, Quantity::bytes, "B", text, minimum, maximum, {}, {}, {}};
}

Declaration choice(const char* key, std::vector<std::string> words, const char* otherwise, const char* text) {
  return {key, Quantity::choice, "", text, 0, 0, std::move(words), otherwise, "the usual mode of operation"};
}

Declaration mesh_side(const char* key, const char* text) {
  return {key, Quantity::count, "nodes", text, 0, 1024, {}, "0 nodes", "follows from kpu.tiles"};
}

Declaration free_text(const char* key, const char* text) { return {key, Quantity::text, "", text, 0, 0, {}, {}, {}}; }

void declare_chip(Schema& schema) {
  schema.add(free_text("platform.family", "machine family, the folder under arch/"))
      .add(free_text("platform.description", "what this chip is, one line"))
      .add({"clock.fabric",
            Quantity::frequency,
            "MHz",
            "clock of fabric, L2, L3 and NoC",
            1'000'000,
            10'000'000'000,
            {},
            {},
            {}})
      .add(integer("kpu.tiles", "tiles", 1, 1024, "compute tiles, one per mesh node"))
      .add(mesh_side("mesh.width", "mesh columns; 0: from kpu.tiles, as square as possible"))
      .add(mesh_side("mesh.height", "mesh rows; 0: from kpu.tiles, as square as possible"))
      .add(bytes("mesh.flit", 1, 1024, "bytes of a flit, one per clock, link and direction"))
      .add(bytes("mesh.packet", 32, 65536, "largest payload of a packet; a multiple of dma.packet"))
      .add(integer("mesh.buffer", "flits", 1, 1LL << 20, "input buffer of a router port, at least a packet"))
      .add({"mesh.multicast",
            Quantity::flag,
            "",
            "routers copy a packet where its routes part; off: one copy per destination",
            0,
            0,
            {},
            "on",
            "trees along a row or column, a NoC overlay of the branes-ai/embodied-schemas catalogue"})
      .add(clocks("mesh.router_latency", 0, 64, "latency of a router"))
      .add(clocks("mesh.link_latency", 1, 64, "latency of a link"))
      .add(clocks("mesh.credit_latency", 1, 64, "from a flit's leaving a buffer until its credit can be used"))
      .add({"power.idle",
            Quantity::power,
            "mW",
            "leakage and clock tree of the whole chip",
            0,
            1'000'000'000'000,
            {},
            {},
            {}});
}

void declare_tile(Schema& schema) {
  schema.add(integer("array.rows", "PE", 1, 256, "rows of the PE array"))
      .add(integer("array.columns", "PE", 1, 256, "columns of the PE array"))
      .add(integer("array.ingress_depth", "tokens", 2, 4096, "L1 ingress FIFO entries per lane"))
      .add(integer("array.egress_depth", "results", 2, 4096, "L1 egress FIFO entries per column"))
      .add(choice("array.drain", {"conservative", "interleaved"}, "conservative",
                  "whether the next block's drain may ride in the bubbles of this one"))
      .add(choice("array.model", {"exact", "register"}, "exact",
                  "event-driven exact array, or the register-accurate reference that ticks every clock (slow)"))
      .add(integer("vector.lanes", "elements", 1, 4096, "elements per clock and pass of the vector engine"))
      .add(clocks("vector.depth", 1, 64, "pipeline depth of the vector engine"))
      .add(bytes("sram.line", 1, 4096, "L2 and L3 line; streamer and block mover width per clock"))
      .add(bytes("l2.capacity", 1, 1LL << 30, "L2 per tile"))
      .add(clocks("l2.latency", 1, 64, "L2 read latency"))
      .add(bytes("l3.capacity", 1, 1LL << 32, "L3 per tile"))
      .add(clocks("l3.latency", 1, 64, "L3 read latency"))
      .add(integer("l3.banks", "banks", 4, 64, "single-port L3 banks, interleaved by line"))
      .add(clocks("streamer.setup", 0, 1024, "set-up of a stream descriptor, hidden behind the stream before it"))
      .add(clocks("block_mover.setup", 0, 1024, "set-up of a block mover descriptor"))
      .add(integer("block_mover.queue", "descriptors", 1, 64, "descriptors decoded ahead"));
}

void declare_engines(Schema& schema) {
  schema.add(integer("dma.engines", "engines", 1, 64, "DMA engines on the west edge of the mesh"))
      .add(clocks("dma.setup", 0, 4096, "set-up of a DMA descriptor"))
      .add(integer("dma.outstanding", "requests", 1, 1024,
                   "memory requests under way or in packets that wait, per engine"))
      .add(bytes("dma.packet", 32, 4096, "a memory request; at most the memory's interleave granule"))
      .add(clocks("sequencer.launch", 0, 1'000'000, "launch of one operator"))
      .add(clocks("sequencer.signal", 1, 4096, "latency of a signal between sequencer and tile or DMA engine"))
      .add(bytes("sequencer.program", 0, 1LL << 20, "domain-flow program broadcast on a program cache miss"))
      .add(integer("sequencer.program_cache", "programs", 1, 64, "programs a tile keeps"))
      .add(integer("lowering.slice_steps", "steps", 16, 65536, "reduction steps per operand slice"))
      .add(integer("lowering.prefetch_operators", "operators", 0, 1024, "how far ahead weights may be loaded"))
      .add(bytes("lowering.weight_window", 1, 1LL << 32, "L3 per tile kept for the weights of the running operator"))
      .add(
          integer("lowering.staging_blocks", "blocks", 1, 1024, "results on their way out of a tile whose L3 is short"))
      .add(integer("lowering.spill_buffers", "buffers", 1, 64, "deliveries of a spilled activation that a tile holds"))
      .add(bytes("lowering.load_bytes", 32, 1LL << 20, "most bytes of a descriptor that loads an activation"))
      .add(bytes("lowering.load_alignment", 1, 65536, "alignment of descriptors in external memory"))
      .add(choice("lowering.matrix", {"auto", "off", "only"}, "auto",
                  "matrix tiles in products: where an estimate finds them cheaper, never, or nothing else"))
      .add({"lowering.k_split",
            Quantity::choice,
            "",
            "parts of the reduction of a product with fewer output blocks than tiles; auto: where an estimate finds it "
            "cheaper",
            0,
            0,
            split_words(),
            {},
            {}})
      .add(choice("sim.ideal", {"none", "operands"}, "none", "operands: every level answers at once (hypothetical)"));
}

/// The mesh of `tiles` nodes: sides given, or the most nearly square one that is at least as wide as high.
void shape_mesh(KpuConfig& c) {
  if (c.mesh_width == 0 && c.mesh_height == 0) {
    for (int height = 1; height * height <= c.tiles; ++height) {
      if (c.tiles % height == 0) c.mesh_height = height;
    }
  }
  if (c.mesh_width == 0) c.mesh_width = c.tiles / c.mesh_height;
  if (c.mesh_height == 0) c.mesh_height = c.tiles / c.mesh_width;
  if (c.mesh_width * c.mesh_height != c.tiles) {
    throw InputError(fmt::format("kpu.tiles = {}: expected mesh.width x mesh.height = {} x {} = {}", c.tiles,
                                 c.mesh_width, c.mesh_height, c.mesh_width * c.mesh_height));
  }
}

bool has_tiles(const KpuConfig& c, std::size_t kind) {
  return std::find(c.kind_of_tile.begin(), c.kind_of_tile.end(), kind) != c.kind_of_tile.end();
}

/// Whether the FIFOs at the edge of an array suffice; `section` is where its sides are declared.
void check_lanes(const KpuConfig& c, const TileKind& kind, const char* section) {
  // Cells of an output-stationary tile have lanes for every row and column of theirs.
  const int rows = kind.rows * (kind.weight_stationary ? 1 : kind.cell_m);
  const int columns = kind.columns * (kind.weight_stationary ? 1 : kind.cell_n);
  if (c.interleave_drain && !kind.weight_stationary && 2 * c.egress_depth <= columns) {
    throw InputError(
        fmt::format("array.egress_depth = {}: expected more than half of {}.columns = {} when array.drain "
                    "is interleaved, where results of two blocks share the egress FIFOs",
                    c.egress_depth, section, columns));
  }
  const int skew = std::max(rows, columns) - 1;
  if (kind.ingress_depth < skew) {
    throw InputError(fmt::format(
        "{}.ingress_depth = {}: expected at least {}, the skew between the first and the last lane of "
        "{}.rows x {}.columns",
        kind.ingress_depth == c.ingress_depth ? "array" : section, kind.ingress_depth, skew, section, section));
  }
}

void check(const KpuConfig& c) {
  if (c.packet_bytes % c.request_bytes != 0) {
    throw InputError(
        fmt::format("mesh.packet = {} B: expected a multiple of dma.packet = {} B", c.packet_bytes, c.request_bytes));
  }
  const std::int64_t packet_flits = 1 + ceil_div(c.packet_bytes, c.flit_bytes);
  if (c.mesh_buffer < packet_flits) {
    throw InputError(
        fmt::format("mesh.buffer = {} flits: expected room for a packet of mesh.packet = {} B and its header, "
                    "{} flits of mesh.flit = {} B",
                    c.mesh_buffer, c.packet_bytes, packet_flits, c.flit_bytes));
  }
  if (c.load_alignment % c.request_bytes != 0) {
    throw InputError(fmt::format("lowering.load_alignment = {} B: expected a multiple of dma.packet = {} B",
                                 c.load_alignment, c.request_bytes));
  }
  if (c.l3_banks % 4 != 0) {
    throw InputError(fmt::format("l3.banks = {}: expected a multiple of the four clients of L3", c.l3_banks));
  }
  check_lanes(c, c.kinds[kInt8Tile], "array");  // those of the BF16-primary tiles too
  if (has_tiles(c, kMatrixTile)) check_lanes(c, c.kinds[kMatrixTile], "matrix_tile");
}

}  // namespace

int KpuConfig::store_engine(int row) const {
  const bool every_row = dma_engines >= mesh_height;
  return static_cast<int>(every_row ? ceil_div(row * dma_engines, mesh_height)
                                    : ceil_div((row + 1) * dma_engines, mesh_height) - 1);
}

Schema schema() {
  Schema schema;
  declare_chip(schema);
  declare_tile(schema);
  declare_tile_kinds(schema);
  declare_engines(schema);
  declare_energy(schema);
  memory::declare(schema);
  return schema;
}

KpuConfig from_settings(const Settings& s) {
  const auto small = [&s](const char* key) { return static_cast<int>(s.integer(key)); };
  KpuConfig c;
  c.mesh_width = small("mesh.width");
  c.mesh_height = small("mesh.height");
  c.tiles = small("kpu.tiles");
  shape_mesh(c);
  c.clock_hz = s.integer("clock.fabric");
  c.rows = small("array.rows");
  c.columns = small("array.columns");
  c.multicast = s.flag("mesh.multicast");
  c.interleave_drain = s.text("array.drain") == "interleaved";
  c.ingress_depth = small("array.ingress_depth");
  c.egress_depth = small("array.egress_depth");
  c.register_array = s.text("array.model") == "register";
  c.vector_lanes = small("vector.lanes");
  c.vector_depth = small("vector.depth");
  c.line_bytes = s.integer("sram.line");
  c.l2_bytes = s.integer("l2.capacity");
  c.l2_latency = small("l2.latency");
  c.l3_bytes = s.integer("l3.capacity");
  c.l3_latency = small("l3.latency");
  c.l3_banks = small("l3.banks");
  c.streamer_setup = small("streamer.setup");
  c.block_mover_setup = small("block_mover.setup");
  c.block_mover_queue = small("block_mover.queue");
  c.slice_steps = small("lowering.slice_steps");
  c.flit_bytes = small("mesh.flit");
  c.packet_bytes = s.integer("mesh.packet");
  c.mesh_buffer = small("mesh.buffer");
  c.router_latency = small("mesh.router_latency");
  c.link_latency = small("mesh.link_latency");
  c.mesh_credit_latency = small("mesh.credit_latency");
  c.dma_engines = small("dma.engines");
  c.dma_setup = small("dma.setup");
  c.dma_outstanding = small("dma.outstanding");
  c.request_bytes = s.integer("dma.packet");
  c.launch_cycles = small("sequencer.launch");
  c.signal_latency = small("sequencer.signal");
  c.program_bytes = small("sequencer.program");
  c.program_cache = small("sequencer.program_cache");
  c.k_split = kSplits.at(static_cast<std::size_t>(s.integer("lowering.k_split"))).second;
  c.matrix_use = static_cast<MatrixUse>(s.integer("lowering.matrix"));
  c.prefetch_operators = small("lowering.prefetch_operators");
  c.weight_window = s.integer("lowering.weight_window");
  c.staging_blocks = small("lowering.staging_blocks");
  c.spill_buffers = small("lowering.spill_buffers");
  c.load_bytes = s.integer("lowering.load_bytes");
  c.load_alignment = s.integer("lowering.load_alignment");
  c.idle_microwatts = s.integer("power.idle");
  c.ideal_operands = s.text("sim.ideal") == "operands";
  c.energy = energy_from(s);
  resolve_tile_kinds(s, c);
  check(c);
  return c;
}

}  // namespace cyclescope::kpu
