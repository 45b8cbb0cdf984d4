// Sends finished output blocks from L3 to the tiles that read them next, or to a DMA engine.
//
// Timing: segments in order, packet by packet: a packet is read from L3 (one line per clock, then l3_latency) and
// handed to the injection link; the next is read while it leaves, one packet ahead at the most. What the own tile reads
// next stays where it is. The room of a block is returned when no later segment carries its data any more. After the
// last block of an operator has left, the sequencer is told.
// Causes: to others waiting.operand.l3; waits for the injection link are the network's.
// Actions: l3_read per byte.
#pragma once

#include <deque>
#include <functional>

#include "arch/kpu/l3.h"
#include "arch/kpu/sequencer.h"
#include "arch/kpu/token_board.h"
#include "sim/kernel/channel.h"
#include "sim/noc/mesh.h"

namespace cyclescope::kpu {

class Sender : public Engine, public noc::Source {
 public:
  Sender(const ChipContext& chip, int tile, L3& l3, TokenBoard& tokens, noc::Mesh& mesh, Sequencer& sequencer)
      : Engine(chip, "sender", tile), l3_(l3), tokens_(tokens), mesh_(mesh), sequencer_(sequencer) {
    mesh_.set_source(tile, *this);
  }

  /// `returned(block, release)` is called when L3 need not hold a block any longer: its room is free from release.at on.
  void connect(kernel::Channel<OutItem>& in, const std::vector<Copies>& routes,
               std::function<void(std::int64_t, const ledger::Release&)> returned) {
    in_ = &in;
    routes_ = &routes;
    returned_ = std::move(returned);
  }

  void launch(const Launch& launch, std::int64_t blocks) {
    launch_ = launch;
    blocks_left_ = blocks;
    returned_blocks_ = 0;
  }

  /// A block needs no sending (ideal operands): it counts as sent at release.at.
  void block_done(std::int32_t op, const ledger::Release& release);

  /// The injection link takes the packet: from now on it is known when the next one can follow.
  void injected(noc::Site site, const noc::Injection& injection) override;

 protected:
  void step() override;

 private:
  [[nodiscard]] const BlockOutput& output() const;
  [[nodiscard]] const Segment* current() const;
  void begin_item();
  void end_item();
  void return_staging();
  void read_packet();
  void follow_last();
  void inject_packet();

  L3& l3_;
  TokenBoard& tokens_;
  noc::Mesh& mesh_;
  Sequencer& sequencer_;
  kernel::Channel<OutItem>* in_ = nullptr;
  const std::vector<Copies>* routes_ = nullptr;
  std::function<void(std::int64_t, const ledger::Release&)> returned_;
  std::int64_t blocks_left_ = 0;
  std::int64_t returned_blocks_ = 0;  ///< of the operator
  bool active_ = false;
  OutItem item_;
  std::size_t segment_ = 0;
  std::int64_t sent_ = 0;  ///< bytes of the segment that have left
  std::size_t copy_ = 0;   ///< of the packet that has been read: next to be handed over
  bool reading_ = false;
  Femtoseconds read_done_ = 0;
  ledger::ActivityId read_ = ledger::kOrigin;
  noc::Injection last_;    ///< the packet before
  bool queued_ = false;    ///< it waits for the injection link
  int blocks_queued_ = 0;  ///< blocks of which it was the last
  ledger::Release done_;   ///< latest of everything that left
};

}  // namespace cyclescope::kpu
