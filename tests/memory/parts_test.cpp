// The part files in configs/memory: every one resolves, and says what the data sheet of its device says.
#include <cmath>

#include "sim/base/error.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(CYCLESCOPE_SOURCE_DIR) / "configs" / "memory";

DramConfig part(const std::string& name, const std::vector<std::string>& overrides = {}) {
  config::Schema schema;
  declare(schema);
  return resolve_dram(config::resolve(schema, (kFolder / (name + ".ini")).string(), overrides));
}

/// Clocks written down by hand from the standards as Ramulator 2 (LPDDR5, HBM, DDR4) and DRAMSys (LPDDR4) state them;
/// scaled parts: the nanoseconds of their family divided by the clock by hand, rounded up.
struct Sheet {
  const char* name;
  double megatransfers;
  int bits;       ///< of all data buses of a channel
  int mebibytes;  ///< of a channel
  int beats;      ///< data beats per clock
  TimingClocks clocks;
  double streaming;  ///< pJ per bit, all in
};

TimingClocks clocks(Tick burst, std::array<Tick, 2> latency, std::array<Tick, 2> rcd, std::array<Tick, 2> rp, Tick ras,
                    Tick rc, std::array<Tick, 3> act, std::array<Tick, 2> ccd, std::array<Tick, 2> wtr, Tick wr,
                    Tick rtp, Tick rtw, std::array<Tick, 3> refresh) {
  TimingClocks t;
  t.burst = burst;
  t.RL = latency[0];
  t.WL = latency[1];
  t.tRCD = rcd[0];
  t.tRCD_WR = rcd[1];
  t.tRP = rp[0];
  t.tRPab = rp[1];
  t.tRAS = ras;
  t.tRC = rc;
  t.tRRD_S = act[0];
  t.tRRD_L = act[1];
  t.tFAW = act[2];
  t.tCCD_S = ccd[0];
  t.tCCD_L = ccd[1];
  t.tWTR_S = wtr[0];
  t.tWTR_L = wtr[1];
  t.tWR = wr;
  t.tRTP = rtp;
  t.tRTW = rtw;
  t.tREFI = refresh[0];
  t.tRFCab = refresh[1];
  t.tRFCpb = refresh[2];
  return t;
}

// clang-format off
const std::vector<Sheet>& sheets() {
  static const std::vector<Sheet> kSheets = {
    // burst, RL WL, RCD, RP, RAS, RC, RRD FAW, CCD, WTR, WR, RTP, RTW, tREFI RFCab RFCpb
    {"lpddr4x_4266", 4266.67, 16, 2048, 2,
     clocks(8, {36, 18}, {39, 39}, {39, 45}, 90, 129, {22, 22, 86}, {8, 8}, {22, 22}, 39, 17, 32, {8328, 811, 406}), 5.3},
    {"lpddr5_6400", 6400, 16, 2048, 8,
     clocks(2, {17, 9}, {15, 15}, {15, 17}, 34, 49, {4, 4, 16}, {2, 4}, {5, 10}, 28, 8, 12, {3125, 224, 112}), 4.5},
    {"lpddr5x_8000", 8000, 16, 2048, 8,
     clocks(2, {22, 12}, {19, 19}, {19, 22}, 43, 62, {4, 4, 15}, {2, 4}, {7, 13}, 35, 10, 15, {3906, 280, 140}), 4.2},
    {"lpddr5x_8533", 8533.33, 16, 2048, 8,
     clocks(2, {23, 12}, {20, 20}, {20, 23}, 45, 65, {4, 4, 16}, {2, 4}, {7, 13}, 37, 11, 15, {4166, 299, 150}), 4.2},
    {"hbm2e_3200", 3200, 128, 2048, 2,
     clocks(2, {23, 8}, {23, 19}, {23, 23}, 54, 76, {7, 7, 24}, {2, 4}, {11, 14}, 26, 8, 19, {6240, 560, 320}), 4.2},
    {"hbm3_3200", 3200, 64, 1024, 4,
     clocks(2, {10, 5}, {16, 8}, {13, 13}, 23, 36, {2, 3, 12}, {2, 4}, {4, 5}, 17, 5, 10, {3120, 280, 160}), 3.5},
    {"hbm3_5230", 5232, 64, 1024, 4,
     clocks(2, {17, 9}, {26, 13}, {22, 22}, 37, 59, {4, 5, 20}, {2, 4}, {6, 9}, 27, 8, 17, {5101, 458, 262}), 3.5},
    {"ddr4_3200", 3200, 64, 8192, 2,
     clocks(4, {22, 16}, {22, 22}, {22, 22}, 52, 74, {4, 8, 34}, {4, 8}, {4, 12}, 24, 12, 12, {12480, 560, 0}), 11.5},
    {"ddr4_2400r_validation", 2401, 64, 8192, 2,
     clocks(4, {16, 12}, {16, 16}, {16, 16}, 39, 55, {4, 6, 26}, {4, 6}, {3, 9}, 18, 9, 10, {9364, 433, 0}), 11.5},
    {"lpddr5_6400_8gb_validation", 6400, 16, 1024, 8,
     clocks(2, {17, 9}, {15, 15}, {15, 17}, 34, 49, {4, 4, 16}, {2, 4}, {5, 10}, 28, 8, 12, {3125, 168, 96}), 4.5},
    {"hbm3_6400_validation", 6400, 64, 512, 4,
     clocks(2, {20, 10}, {31, 15}, {26, 26}, 45, 72, {4, 5, 24}, {2, 4}, {7, 10}, 33, 9, 20, {6240, 416, 320}), 3.5},
  };
  return kSheets;
}
// clang-format on

TEST_CASE("every part file resolves and has a data sheet here") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().stem().string();
    INFO(name);
    CHECK(part(name).channels == 1);
    bool found = false;
    for (const Sheet& sheet : sheets()) found = found || sheet.name == name;
    CHECK(found);
    ++files;
  }
  CHECK(files == sheets().size());
}

TEST_CASE("parts have the clocks of their data sheets") {
  for (const Sheet& sheet : sheets()) {
    const DramConfig config = part(sheet.name);
    const Tick ticks = config.ticks_per_clock;
    const TimingClocks& t = config.timing;
    const TimingClocks& s = sheet.clocks;
    INFO(sheet.name);
    CHECK(t.burst == ticks * s.burst);
    CHECK(t.RL == ticks * s.RL);
    CHECK(t.WL == ticks * s.WL);
    CHECK(t.tRCD == ticks * s.tRCD);
    CHECK(t.tRCD_WR == ticks * s.tRCD_WR);
    CHECK(t.tRP == ticks * s.tRP);
    CHECK(t.tRPab == ticks * s.tRPab);
    CHECK(t.tRAS == ticks * s.tRAS);
    CHECK(t.tRC == ticks * s.tRC);
    CHECK(t.tRRD_S == ticks * s.tRRD_S);
    CHECK(t.tRRD_L == ticks * s.tRRD_L);
    CHECK(t.tFAW == ticks * s.tFAW);
    CHECK(t.tCCD_S == ticks * s.tCCD_S);
    CHECK(t.tCCD_L == ticks * s.tCCD_L);
    CHECK(t.tWTR_S == ticks * s.tWTR_S);
    CHECK(t.tWTR_L == ticks * s.tWTR_L);
    CHECK(t.tWR == ticks * s.tWR);
    CHECK(t.tRTP == ticks * s.tRTP);
    CHECK(t.tRTW == ticks * s.tRTW);
    CHECK(t.tREFI == ticks * s.tREFI);
    CHECK(t.tRFCab == ticks * s.tRFCab);
    CHECK(t.tRFCpb == ticks * s.tRFCpb);
  }
}

TEST_CASE("peak bandwidth is data rate times width, a burst fills its clocks") {
  for (const Sheet& sheet : sheets()) {
    const DramConfig config = part(sheet.name);
    INFO(sheet.name);
    CHECK(static_cast<double>(config.peak_bytes_per_second()) ==
          Approx(sheet.megatransfers * 1e6 * sheet.bits / 8).epsilon(0.001));
    const int bus_bits = sheet.bits / config.pseudo_channels;
    CHECK(config.burst_bytes * 8 == sheet.clocks.burst * sheet.beats * bus_bits);
    CHECK(config.capacity() == std::int64_t{sheet.mebibytes} << 20);
  }
}

TEST_CASE("REFpb come often enough to refresh every bank once per tREFI") {
  // banks behind a data bus, banks of one REFpb, REFpb per tREFI, their interval in ns by the standards' tREFIpb
  struct Expected {
    const char* name;
    int banks, together, commands;
    double interval;
  };
  for (const Expected& e : {Expected{"lpddr4x_4266", 8, 1, 8, 488}, Expected{"lpddr5_6400", 16, 2, 8, 488.3},
                            Expected{"lpddr5x_8000", 16, 2, 8, 488.3}, Expected{"lpddr5x_8533", 16, 2, 8, 488.3},
                            Expected{"hbm2e_3200", 16, 1, 16, 243.75}, Expected{"hbm3_3200", 32, 1, 32, 121.9},
                            Expected{"hbm3_5230", 32, 1, 32, 121.9}}) {
    const DramConfig config = part(e.name);
    INFO(e.name);
    CHECK(config.refresh == RefreshMode::per_bank);
    CHECK(config.banks.banks() == e.banks);
    CHECK(config.refresh_banks == e.together);
    CHECK(config.timing.tREFI / config.refresh_interval == e.commands);
    const double ns = static_cast<double>(config.clock.cycles(config.refresh_interval)) * 1e-6;
    CHECK(ns <= e.interval + 0.1);
    CHECK(ns >= e.interval - 1.3);  // rounded down to clocks
    // What one REFpb costs is its banks' share of REFab of the whole data bus.
    const DramConfig all = part(e.name, {"dram.refresh=all_bank"});
    CHECK(all.refresh_interval == all.timing.tREFI);
    CHECK(config.energy.refresh * e.commands == Approx(all.energy.refresh).epsilon(0.001));
  }
}

TEST_CASE("energies add up to the all-in streaming figure") {
  for (const Sheet& sheet : sheets()) {
    const DramConfig config = part(sheet.name);
    const DramEnergy& e = config.energy;
    const double burst_bits = 8.0 * static_cast<double>(config.burst_bytes);
    const double row_bits = 8.0 * static_cast<double>(config.row_bytes);
    const double read = static_cast<double>(e.read + e.io + e.phy) / 1e6 / burst_bits +
                        static_cast<double>(e.activate) / 1e6 / row_bits;
    INFO(sheet.name << " " << read << " pJ/bit");
    CHECK(read == Approx(sheet.streaming).epsilon(0.10));
    CHECK(e.background_microwatts > 0);
    CHECK(e.refresh > 0);
  }
}

TEST_CASE("contradictions are refused in every part") {
  for (const Sheet& sheet : sheets()) {
    const auto message = [&](const std::vector<std::string>& overrides) {
      try {
        part(sheet.name, overrides);
      } catch (const InputError& error) {
        return std::string(error.what());
      }
      return std::string("accepted");
    };
    INFO(sheet.name);
    CHECK(message({"dram.tRC=40 ns"}).find("dram.tRC >= dram.tRAS + dram.tRP") != std::string::npos);
    CHECK(message({"dram.burst_clocks=9 cycles"}).find("dram.burst_clocks <= dram.tCCD_S") != std::string::npos);
    CHECK(message({"dram.rows=4096 rows"}).find("dram.channel_capacity") != std::string::npos);
    CHECK(message({"dram.tRTW=1 ns"}).find("dram.tRTW + dram.WL >= dram.RL") != std::string::npos);
    CHECK(message({"dram.tREFI=200 ns", "dram.refresh=all_bank"}).find("dram.tREFI") != std::string::npos);
    CHECK(message({"dram.controller_latency=0.1 ns"}).find("dram.controller_latency") != std::string::npos);
    if (std::string(sheet.name).rfind("ddr4", 0) == 0) {
      CHECK(message({"dram.refresh=per_bank"}).find("dram.technology = ddr4 has no such command") != std::string::npos);
    } else {
      CHECK(message({"dram.refresh=per_bank", "dram.tRFCpb=500 ns"}).find("dram.tRFCpb <= dram.tRFCab") !=
            std::string::npos);
    }
  }
}

TEST_CASE("a platform that names a part sets its own number of channels") {
  config::Schema schema;
  declare(schema);
  const std::string file = std::string(CYCLESCOPE_BINARY_DIR) + "/platform_of_a_part.ini";
  std::ofstream(file) << "base = " << (kFolder / "lpddr5x_8000.ini").string()
                      << "\n[dram]\nchannels = 4 channels | derived | four of them\n";
  CHECK(resolve_dram(config::resolve(schema, file, {})).channels == 4);
}

}  // namespace
}  // namespace cyclescope::memory::test
