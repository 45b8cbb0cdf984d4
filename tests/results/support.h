// A small result in which every field differs from its default.
#pragma once

#include "sim/results/result.h"

namespace cyclescope::results::testing {

inline RunResult sample() {
  RunResult result;
  result.platform = "kpu-test";
  result.model = "two_layers";
  result.precision = "int8";
  result.precision_label = "fallback";
  result.batch = 2;
  result.initial_state = "steady";
  result.version = "0.1.0";
  result.clock_hz = 500'000'000;
  result.clock_period = 2'000'000;
  result.makespan = 200'000'000;  // 100 cycles of 2 ns = 200 ns
  result.cycles = 100;
  result.host_overhead = 7'000;
  result.macs = 12'288;
  result.macs_executed = 12'800;
  result.dram_read_bytes = 4'096;
  result.dram_write_bytes = 1'024;
  result.host_read_bytes = 11;
  result.host_write_bytes = 13;
  result.compulsory_bytes = 4'000;
  result.peak_memory_bytes = 8'192;
  result.fits = false;
  result.peak_macs_per_second = 128'000'000'000;  // 128 MAC/s per ns
  result.peak_bytes_per_second = 25'000'000'000;  // 4,000 B in 160 ns
  result.roofline = 160'000'000;
  result.roofline_bound = "memory";
  result.energy_fj = {{"dram", 700}, {"leakage", 100}, {"mac", 200}};
  result.host_energy_fj = 17;
  result.critical_path = {{"overhead.launch", 5}, {"useful.mac", 60}, {"waiting.operand.dram_row", 35}};
  result.operators.resize(3);
  result.operators[0] = {"conv1",
                         "conv2d",
                         "native",
                         5,
                         60,
                         8'192,
                         3'000,
                         "useful.mac",
                         {{"useful.mac", 40}, {"waiting.operand.dram_row", 15}},
                         {{"dram", 400}, {"leakage", 45}}};
  result.operators[1] = {"flatten, then", "reshape", "view", 60, 60, 0, 0, "view", {}, {}};
  result.operators[2] = {"fc \"last\"",
                         "gemm",
                         "fallback",
                         60,
                         100,
                         4'096,
                         2'120,
                         "waiting.operand.dram_row",
                         {{"useful.mac", 20}, {"waiting.operand.dram_row", 20}},
                         {{"leakage", 40}, {"mac", 200}}};
  result.lanes.resize(2);
  result.lanes[0].name = "array.0";
  result.lanes[0].time[static_cast<std::size_t>(ledger::Leaf::useful_mac)] = 120'000'000;
  result.lanes[0].time[static_cast<std::size_t>(ledger::Leaf::waiting_operand_dram_row)] = 80'000'000;
  result.lanes[0].slots[static_cast<std::size_t>(ledger::Leaf::useful_mac)] = 51'200;
  result.lanes[1].name = "dma.0";
  result.lanes[1].time[static_cast<std::size_t>(ledger::Leaf::idle_no_demand)] = 200'000'000;
  result.path = {{"overhead.launch", 1, -1, 0, 10'000'000},
                 {"waiting.operand.dram_row", 1, 0, 10'000'000, 40'000'000},
                 {"useful.mac", 0, 0, 40'000'000, 120'000'000},
                 {"waiting.operand.dram_row", 1, 2, 120'000'000, 160'000'000},
                 {"useful.mac", 0, 2, 160'000'000, 200'000'000}};
  result.traffic = {{"dram_read", 4'096, 8'192, 8'191}, {"mesh", 1, 2, 3}};
  result.laws = {{"bytes conserved", false, "dram_read: 8191 of 8192"}, {"closed", true, ""}};
  result.settings = {{"fabric.clock", "500 MHz"}, {"platform.family", "kpu"}};
  return result;
}

}  // namespace cyclescope::results::testing
