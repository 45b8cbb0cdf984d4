#include "tests/contract/machines.h"

#include "sim/base/error.h"

namespace cyclescope::contract {

const std::vector<Machine>& machines() {
  static const std::vector<Machine> table{
      {"kpu",
       "kpu-t64",
       {"mesh.width=2 nodes", "mesh.height=2 nodes", "kpu.tiles=4 tiles", "dma.engines=2 engines", "array.rows=8 PE",
        "array.columns=8 PE", "array.ingress_depth=8 tokens", "array.egress_depth=4 results", "vector.lanes=4 elements",
        "l2.capacity=2 KiB", "l3.capacity=16 KiB", "lowering.weight_window=4 KiB", "lowering.slice_steps=32 steps",
        "sequencer.launch=50 cycles"},
       "clock.fabric=500 MHz",
       "sim.ideal=operands",
       {"memory.ideal=on", "dma.outstanding=32 requests", "array.egress_depth=16 results",
        "array.ingress_depth=32 tokens", "block_mover.queue=16 descriptors", "vector.lanes=16 elements",
        "l3.banks=16 banks", "mesh.buffer=1000 flits"},
       {"l2.capacity=8 KiB", "l3.capacity=64 KiB", "mesh.flit=32 B", "dma.engines=4 engines",
        "lowering.weight_window=8 KiB", "dram.channels=8 channels"},
       {}},
      {"kpu",  // cells of matrix tiles, whose weights stay
       "kpu-t768",
       {"mesh.width=2 nodes", "mesh.height=2 nodes", "kpu.tiles=4 tiles", "dma.engines=2 engines", "tiles.int8=0 tiles",
        "tiles.bf16=0 tiles", "matrix_tile.rows=4 PE", "matrix_tile.columns=2 PE", "matrix_tile.cell=4x4x4",
        "matrix_tile.fp32_rate=64 quarter_MAC", "matrix_tile.port=32 B", "matrix_tile.ingress_depth=4 tokens",
        "array.egress_depth=4 results", "l2.capacity=2 KiB", "l3.capacity=16 KiB", "lowering.weight_window=4 KiB",
        "sequencer.launch=50 cycles", "sequencer.signal=16 cycles", "dram.channels=4 channels"},
       "clock.fabric=500 MHz",
       "sim.ideal=operands",
       {"memory.ideal=on", "dma.outstanding=16 requests", "array.egress_depth=16 results",
        "matrix_tile.ingress_depth=32 tokens", "block_mover.queue=16 descriptors", "l3.banks=16 banks"},
       {"l2.capacity=8 KiB", "l3.capacity=64 KiB", "mesh.flit=64 B", "dma.engines=4 engines", "matrix_tile.port=64 B",
        "vector.lanes=16 elements", "lowering.weight_window=8 KiB", "dram.channels=8 channels"},
       {"lowering.matrix=only"}},
      {"hailo",
       "hailo-8",
       {"hailo.clusters=2 clusters", "hailo.subclusters=8 subclusters", "hailo.lcus=8 LCU", "l3.capacity=64 KiB",
        "l4.capacity=64 KiB", "context.control=1 us", "context.fixed=1 KiB",
        "layer.frame_overhead=20000 cycles"},  // or refresh keeps the interval of frames this small from settling
       "",                                     // the rate of PCIe goes by its generation
       "",
       {"memory.ideal=on", "pcie.lanes=16 lanes", "ring.bytes=256 B", "host_dma.prefetch=256 descriptors",
        "portal.rows=64 rows", "dram.channels=4 channels"},
       {"allocator.slack_rows=2 rows", "hailo.subclusters=16 subclusters", "layer.port=64 B", "host_dma.page=4096 B"},
       {}}};
  return table;
}

const Machine& one_kpu_tile() {
  static const Machine machine = [] {
    Machine one = machine_of("kpu");
    for (const char* override : {"mesh.width=1 nodes", "mesh.height=1 nodes", "kpu.tiles=1 tiles",
                                 "dma.engines=1 engines", "l2.capacity=32 KiB", "l3.capacity=256 KiB"}) {
      one.small.emplace_back(override);
    }
    return one;
  }();
  return machine;
}

const Machine& one_matrix_tile() {
  static const Machine machine = [] {
    Machine one = one_kpu_tile();
    for (const char* override :
         {"tiles.int8=0 tiles", "tiles.bf16=0 tiles", "matrix_tile.rows=8 PE", "matrix_tile.columns=8 PE",
          "matrix_tile.dataflow=weight_stationary", "matrix_tile.cell=1x1x64", "matrix_tile.int8_rate=256 quarter_MAC",
          "matrix_tile.bf16_rate=128 quarter_MAC"}) {
      one.small.emplace_back(override);
    }
    return one;
  }();
  return machine;
}

std::vector<Machine> machines_of(const std::string& family) {
  std::vector<Machine> list;
  for (const Machine& machine : machines()) {
    if (machine.family == family) list.push_back(machine);
  }
  return list;
}

const Machine& machine_of(const std::string& family) {
  for (const Machine& candidate : machines()) {
    if (candidate.family == family) return candidate;
  }
  throw InternalError("the contract has no machine of family '" + family + "'");
}

}  // namespace cyclescope::contract
