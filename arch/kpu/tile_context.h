// What the engines of one tile share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"
#include "sim/kernel/module.h"
#include "sim/ledger/lane.h"
#include "sim/noc/mesh.h"

namespace cyclescope::kpu {

/// Indices of the priced actions of a chip.
struct Actions {
  std::size_t mac = 0, pe_register = 0;
  std::array<std::size_t, 3> pe_hop{}, drain_hop{};  ///< by kind of tile: what a token or result carries differs
  std::size_t l1_read = 0, l1_write = 0, l2_read = 0, l2_write = 0, l3_read = 0, l3_write = 0;
  std::size_t streamer = 0, block_mover = 0, dma = 0, descriptor = 0, vector_pass = 0, mac_vector = 0, program_load = 0;
};

/// Indices of the conserved byte counters of a chip.
struct TrafficBooks {
  std::size_t l3_to_l2 = 0, l2_to_l1 = 0, results = 0;
};

struct ChipContext {
  const KpuConfig& config;
  const Program& program;
  ledger::Ledger& ledger;
  Clock clock;
  Actions actions;
  TrafficBooks traffic;

  [[nodiscard]] Femtoseconds clocks(std::int64_t n) const { return clock.cycles(n); }
  /// Index of the clock edge at or before now.
  [[nodiscard]] std::int64_t cycle() const { return kernel::now() / clock.period(); }
};

/// The routes of what goes to several receivers: one tree, or without multicast one route each.
using Copies = std::vector<noc::RouteId>;

/// An operand that has reached L2.
struct Loaded {
  std::int64_t bytes = 0;
  ledger::Release release;
};

/// An output block on its way out.
struct OutItem {
  std::int64_t block = 0;  ///< of the operator on this tile
  std::int32_t op = -1;
  ledger::Release release;
};

/// An operator's start at a tile.
struct Launch {
  std::int32_t op = -1;
  ledger::Release release;  ///< at = now
};

/// Common to engines: name, lane, and the time of the current launch.
class Engine : public kernel::Module {
 public:
  Engine(const ChipContext& chip, const std::string& kind, int tile)
      : kernel::Module(kind + "_" + std::to_string(tile)),
        chip_(chip),
        tile_(tile),
        lane_(chip.ledger, kind + "." + std::to_string(tile), chip.clock.period()) {}

  void restart(Femtoseconds t0) { lane_.restart(t0); }
  void finish(Femtoseconds end) { lane_.finish(end); }

 protected:
  /// Books the lane up to `start`: idle until the operator was launched here, then waiting for `release`.
  void wait_until(Femtoseconds start, const ledger::Release& release) {
    lane_.idle_until(std::min(start, launch_.release.at));
    lane_.wait_until(start, release);
  }

  const ChipContext& chip_;
  int tile_;
  ledger::Lane lane_;
  Launch launch_;
};

}  // namespace cyclescope::kpu
