#include "sim/ledger/leaf.h"

#include "sim/base/error.h"

namespace cyclescope::ledger {
namespace {

constexpr std::array<const char*, kLeafCount> kNames{
    "useful.mac",
    "useful.vector",
    "useful.transfer",
    "structural.fill",
    "structural.drain",
    "structural.padding",
    "structural.issue",
    "waiting.operand.l1",
    "waiting.operand.l2",
    "waiting.operand.l3",
    "waiting.operand.noc",
    "waiting.operand.dram_bandwidth",
    "waiting.operand.dram_latency",
    "waiting.operand.dram_row",
    "waiting.operand.dram_refresh",
    "waiting.operand.dram_turnaround",
    "waiting.operand.host_link",
    "waiting.output_space",
    "waiting.dependency",
    "waiting.arbitration",
    "waiting.weights",
    "overhead.launch",
    "overhead.descriptor",
    "overhead.synchronisation",
    "overhead.clock_crossing",
    "overhead.configuration",
    "idle.before_first_work",
    "idle.no_demand",
    "idle.unused",
    "idle.after_last_work",
    "unknown",
};

}  // namespace

const char* name(Leaf leaf) { return kNames[static_cast<std::size_t>(leaf)]; }

Leaf parse_leaf(const std::string& text) {
  for (std::size_t i = 0; i < kLeafCount; ++i) {
    if (text == kNames[i]) return static_cast<Leaf>(i);
  }
  throw InputError("unknown cause '" + text + "': expected a leaf of the time ledger such as waiting.operand.dram_row");
}

std::string group(Leaf leaf) {
  const std::string full = name(leaf);
  return full.substr(0, full.find('.'));
}

}  // namespace cyclescope::ledger
