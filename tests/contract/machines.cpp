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
        "l3.banks=16 banks"},
       {"l2.capacity=8 KiB", "l3.capacity=64 KiB", "mesh.flit=32 B", "dma.engines=4 engines",
        "lowering.weight_window=8 KiB", "dram.channels=8 channels"}}};
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

const Machine& machine_of(const std::string& family) {
  for (const Machine& candidate : machines()) {
    if (candidate.family == family) return candidate;
  }
  throw InternalError("the contract has no machine of family '" + family + "'");
}

}  // namespace cyclescope::contract
