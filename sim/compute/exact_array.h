// The event-driven array that machines use: exact to the clock, and asleep between decisions.
//
// Timing: as array.h; every listener call is made at the first instant of its clock. Wakes: the start of a block, the
//   entry of a run, the first and the last result, plus one per call. Results equal those of RegisterArray, which
//   ticks.
// Causes, Actions: as array.h, booked by ArrayBook on the lane given.
// Ports: Array in, ArrayListener out. A listener may call push_block, supply and open_egress from inside its call.
// Errors: as array.h; also restart or finish with blocks on the array.
// Source: as array.h.
#pragma once

#include <string>
#include <vector>

#include "sim/compute/array_book.h"

namespace cyclescope::compute {

class ExactArray : public Array {
 public:
  /// `lane` is the lane's name in the ledger (`array.3`), `actions` the indices of its declared actions.
  ExactArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
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
  /// The clock that begins now, or the next one when now is between edges.
  [[nodiscard]] std::int64_t current_clock() const { return ceil_div(kernel::now(), clock_.period()); }
  void wake();
  void tell(const StepEvent& event);

  Clock clock_;
  LockStep core_;
  ArrayBook book_;
  ArrayListener* listener_;
  std::vector<StepEvent> events_;
  Femtoseconds wake_ = -1;  ///< latest wake asked for
};

}  // namespace cyclescope::compute
