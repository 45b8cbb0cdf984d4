// An event-driven array around the algebra of its step axis: asleep between decisions, with the books kept beside it.
//
// Core is LockStep or StationaryStep. Timing, Causes, Actions, Errors: of the array that uses it.
#pragma once

#include <string>
#include <vector>

#include "sim/compute/array_book.h"
#include "sim/compute/stationary_step.h"

namespace cyclescope::compute {

template <class Core>
class EventArray : public Array {
 public:
  /// `lane` is the lane's name in the ledger (`array.3`), `actions` the indices of its declared actions.
  EventArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock, ledger::Ledger& ledger,
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
  Core core_;
  ArrayBook book_;
  ArrayListener* listener_;
  std::vector<StepEvent> events_;
  Femtoseconds wake_ = -1;         ///< latest wake asked for
  Femtoseconds stepping_at_ = -1;  ///< the edge at which it steps, while it does
  bool called_meanwhile_ = false;  ///< by a listener, from inside its call
};

extern template class EventArray<LockStep>;
extern template class EventArray<StationaryStep>;

}  // namespace cyclescope::compute
