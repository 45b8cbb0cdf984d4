// The whole chip: tiles, mesh, DMA engines, external memory, sequencer. Executes a program, frame by frame.
#pragma once

#include <memory>
#include <vector>

#include "arch/kpu/dma_engine.h"
#include "arch/kpu/store_board.h"
#include "arch/kpu/tile.h"
#include "sim/config/settings.h"
#include "sim/machine/machine.h"
#include "sim/memory/port.h"

namespace cyclescope::kpu {

class Chip : public machine::Machine {
 public:
  Chip(const KpuConfig& config, const Program& program, const config::Settings& settings, ledger::Ledger& ledger);

  /// Breaks what the tests want broken.
  void inject(const machine::Faults& faults);

  void run_frame(bool warm) override;

  /// Ends when the last output byte is in external memory and the last operator is complete.
  [[nodiscard]] machine::Frame frame() const override { return {frame_start_, end_, context_.clock.period()}; }
  [[nodiscard]] const Sequencer& sequencer() const { return *sequencer_; }
  [[nodiscard]] const memory::Memory& memory() const { return *memory_; }

 private:
  static Actions declare_actions(ledger::Ledger& ledger, const KpuConfig& config, Precision precision);
  static TrafficBooks declare_traffic(ledger::Ledger& ledger);
  void build_mesh();
  void build_tiles();
  void build_dma();

  ChipContext context_;
  std::unique_ptr<memory::Memory> memory_;
  std::unique_ptr<noc::Mesh> mesh_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<CreditBoard> credits_;
  std::unique_ptr<StoreBoard> stores_;
  std::vector<Copies> routes_;
  std::vector<std::unique_ptr<Tile>> tiles_;
  std::vector<std::unique_ptr<DmaEngine>> dma_;
  Femtoseconds frame_start_ = 0;
  ledger::Release end_;
};

}  // namespace cyclescope::kpu
