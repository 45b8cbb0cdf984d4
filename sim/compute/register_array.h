// The register-accurate array: it moves every token through every PE, ticks every clock while a block is on it, and
// shares nothing with ExactArray but the interface. It is the reference, and can stand in for it.
//
// Timing: as array.h. The controller is hardware-like: skew registers hand lane i what lane i - 1 used one step
// earlier; a block starts when the slots of the north link that its results need are not reserved by older blocks
// (conservative: when nothing older is reserved behind its first slot; interleaved: also after the last row of the
// block before has handed its result to the link). Causes, Actions: as array.h; time leaves equal those of ExactArray.
// MAC slots are split by clock: PEs that do not execute a step are fill, padding, drain or issue as their clock is fill,
// mac, drain or issue, so only useful.mac and the sum of the structural leaves equal ExactArray's.
// Ports: Array in, ArrayListener out.
// Errors: as array.h, and every check of PeGrid.
// Not modelled: the path behind the last result of a block that a younger one has overtaken runs through the younger
// one.
// Source: as array.h.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/compute/egress_fifos.h"
#include "sim/compute/ingress_lanes.h"
#include "sim/ledger/lane.h"

namespace cyclescope::compute {

class RegisterArray : public Array {
 public:
  RegisterArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
                const std::string& lane, const ArrayActions& actions, ArrayListener& listener);

  void push_block(const ArrayBlock& block, const ledger::Release& release) override;
  void supply(Side side, const OperandRun& run) override;
  void open_egress(const EgressWindow& window) override;
  void rest(Femtoseconds until, ledger::Leaf leaf) override;
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

 protected:
  void step() override;

 private:
  struct Block {
    ArrayBlock block;
    ledger::Release pushed_by;
    std::int64_t pushed = 0;
    std::int64_t to_leave = 0;      ///< results that have not left
    std::int64_t last_arrival = 0;  ///< clock at which the latest result reached the edge
  };
  struct Obstacle {  ///< a lane without its token or a column without room
    bool column = false;
    Side side = Side::a;
    int index = 0;
    bool gone = false;
    ledger::Release release;  ///< what removed it
  };

  [[nodiscard]] std::int64_t current_clock() const { return ceil_div(kernel::now(), clock_.period()); }
  [[nodiscard]] Block& find(std::int64_t block);
  void wake() { wake_at(clock_.edge(kernel::now())); }
  void begin_clock(std::int64_t clock);
  void deliver();
  void leave();
  void move();
  void start_block();
  [[nodiscard]] std::vector<OperandTag> due(Side side) const;
  [[nodiscard]] std::vector<Obstacle> obstacles() const;
  [[nodiscard]] bool links_free(const ArrayBlock& block, std::int64_t step) const;

  /// Leaf of a clock that makes a step, given whether it issues one.
  [[nodiscard]] ledger::Leaf leaf_of(bool issues) const;
  void book_clock();
  void open_activity(ledger::Leaf leaf, std::int64_t clock, const ledger::Release& release);
  void book_resumption();
  void book_start(const Block& block, const ledger::Release& operands, bool held_back);

  Clock clock_;
  ArrayGeometry geometry_;
  ledger::Ledger* ledger_;
  ledger::Lane lane_;
  ArrayActions actions_;
  ArrayListener* listener_;

  PeGrid grid_;
  IngressLanes a_;
  IngressLanes b_;
  EgressFifos egress_;
  std::deque<Block> blocks_;  ///< pushed and not gone, oldest first
  std::size_t started_ = 0;
  const ArrayBlock* issuing_ = nullptr;
  std::int64_t next_k_ = 0;
  std::vector<OperandTag> entered_a_;  ///< what entered each lane in the latest step
  std::vector<OperandTag> entered_b_;
  std::set<std::int64_t> reserved_;  ///< steps in which the north link of column 0 is taken
  std::int64_t handed_over_ = -1;    ///< step in which the newest block's last row enters the link of column 0

  std::int64_t now_ = -1;       ///< clock being evaluated
  std::int64_t step_ = 0;       ///< step made latest
  bool moved_ = false;          ///< in this clock
  bool moved_before_ = false;   ///< in the clock before
  bool issued_before_ = false;  ///< a token entered lane 0 in the step before
  std::vector<Obstacle> frozen_by_;
  std::int64_t frozen_from_ = 0;

  std::int64_t results_to_come_ = 0;
  bool draining_ = false;                ///< results were to come before the latest step
  bool held_by_drain_ = false;           ///< the next block could start but for the results of older ones
  const ArrayBlock* filling_ = nullptr;  ///< started into an empty array, far corner not begun
  ledger::ActivityId activity_ = ledger::kOrigin;
  ledger::Leaf leaf_ = ledger::Leaf::unknown;
  bool active_ = false;
};

}  // namespace cyclescope::compute
