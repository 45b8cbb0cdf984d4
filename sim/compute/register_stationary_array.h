// The register-accurate weight- or input-stationary array: it moves every token and sum through every PE, ticks every
// clock while a fold is on it, and shares nothing with StationaryArray but the interface and the rules on sizes. It is
// the reference, and can stand in for it.
//
// Timing: as stationary_array.h. The controller is hardware-like: skew registers hand lane i (row or column) what lane i
// - 1 used one step earlier; a fold starts when its last row has entered column 0 in an earlier step. That sums never
// meet is not arranged but checked by StationaryGrid.
// Causes, Slots, Actions: as stationary_array.h. Slots are counted PE by PE and step by step at the end of each period.
// Ports: Array in, ArrayListener out.
// Errors: as stationary_array.h, and every check of StationaryGrid.
// Not modelled: as RegisterArray; also a late row that decides a start has no activity of its own.
// Source: as stationary_array.h.
#pragma once

#include <string>
#include <vector>

#include "sim/compute/egress_fifos.h"
#include "sim/compute/ingress_lanes.h"
#include "sim/compute/stationary_grid.h"
#include "sim/ledger/lane.h"

namespace cyclescope::compute {

class RegisterStationaryArray : public Array {
 public:
  RegisterStationaryArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock,
                          ledger::Ledger& ledger, const std::string& lane, const ArrayActions& actions,
                          ArrayListener& listener);

  void push_block(const ArrayBlock& block, const ledger::Release& release) override;
  void supply(Side side, const OperandRun& run) override;
  void open_egress(const EgressWindow& window) override;
  void rest(Femtoseconds until, ledger::Leaf leaf) override;
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

 protected:
  void step() override;

 private:
  struct Fold {
    ArrayBlock block;
    ledger::Release pushed_by;
    std::int64_t pushed = 0;
    std::int64_t to_leave = 0;      ///< results that have not left
    std::int64_t last_arrival = 0;  ///< clock at which the latest result reached the edge
  };
  struct Obstacle {  ///< a lane without its token or a column without room
    bool column = false;
    bool north = false;
    int index = 0;
    bool gone = false;
    ledger::Release release;  ///< what removed it
  };

  [[nodiscard]] std::int64_t current_clock() const { return ceil_div(kernel::now(), clock_.period()); }
  [[nodiscard]] Fold& find(std::int64_t block);
  [[nodiscard]] Side side(bool north) const {
    return north ? stationary_side(geometry_.dataflow) : streaming_side(geometry_.dataflow);
  }
  void wake() { wake_at(clock_.edge(kernel::now())); }
  void begin_clock(std::int64_t clock);
  void deliver();
  void leave();
  void move();
  void arrive(const std::vector<ResultTag>& results);
  void start_fold();
  void load_row();
  [[nodiscard]] bool issuing() const { return issuing_ != nullptr && next_t_ < issuing_->steps; }
  [[nodiscard]] std::vector<OperandTag> due(bool north) const;
  [[nodiscard]] std::vector<Obstacle> obstacles() const;
  void take(bool north);

  void book_clock();
  void open_activity(ledger::Leaf leaf, std::int64_t clock, const ledger::Release& release);
  void book_resumption();
  void book_row(const Fold& fold, const ledger::Release& token);
  void book_start(const Fold& fold, const ledger::Release& operands, bool held_back);
  void book_period();

  Clock clock_;
  ArrayGeometry geometry_;
  ledger::Ledger* ledger_;
  ledger::Lane lane_;
  ArrayActions actions_;
  ArrayListener* listener_;

  StationaryGrid grid_;
  IngressLanes west_;
  IngressLanes north_;
  EgressFifos egress_;
  std::deque<Fold> folds_;  ///< pushed and not gone, oldest first
  std::size_t started_ = 0;
  const ArrayBlock* issuing_ = nullptr;
  std::int64_t next_t_ = 0;
  std::int64_t rows_loaded_ = 0;          ///< of the next fold
  std::int64_t row_step_ = -1;            ///< in which the latest row entered column 0
  std::vector<OperandTag> entered_west_;  ///< what entered each lane in the latest step
  std::vector<OperandTag> entered_north_;
  std::int64_t last_id_ = INT64_MIN;

  std::int64_t now_ = -1;      ///< clock being evaluated
  std::int64_t step_ = 0;      ///< step made latest
  bool moved_ = false;         ///< in this clock
  bool moved_before_ = false;  ///< in the clock before
  bool issued_before_ = false;
  std::vector<Obstacle> frozen_by_;
  std::int64_t frozen_from_ = 0;

  std::int64_t results_to_come_ = 0;
  bool draining_ = false;                ///< results were to come before the latest step
  const ArrayBlock* filling_ = nullptr;  ///< started when nothing drained, far corner not begun
  ledger::ActivityId activity_ = ledger::kOrigin;
  ledger::Leaf leaf_ = ledger::Leaf::unknown;
  bool active_ = false;

  struct Started {
    ArrayBlock block;
    std::int64_t step = 0;
  };
  std::vector<Started> period_;       ///< folds since one started when nothing drained
  std::int64_t period_end_ = 0;       ///< step behind the latest that issued or drained
  std::int64_t period_executed_ = 0;  ///< products of the grid
};

}  // namespace cyclescope::compute
