// A lane's stop-watch: the module says up to when the lane was in which leaf; the lane remembers where it stands.
#pragma once

#include <algorithm>
#include <string>

#include "sim/ledger/ledger.h"

namespace cyclescope::ledger {

class Lane {
 public:
  Lane(Ledger& ledger, const std::string& name, Femtoseconds period, std::int64_t slots = 0)
      : ledger_(&ledger), id_(ledger.add_lane(name, period, slots)) {}

  [[nodiscard]] LaneId id() const { return id_; }
  [[nodiscard]] Femtoseconds cursor() const { return cursor_; }

  /// The lane worked (or waited for a cause that the module itself knows) until t.
  void busy_until(Femtoseconds t, Leaf leaf) {
    advance(t, [&](Femtoseconds from) { ledger_->post(id_, leaf, from, t); });
    worked_ = true;
  }

  /// The lane had nothing to do until t.
  void idle_until(Femtoseconds t) {
    const Leaf leaf = worked_ ? Leaf::idle_no_demand : Leaf::idle_before_first_work;
    advance(t, [&](Femtoseconds from) { ledger_->post(id_, leaf, from, t); });
  }

  /// The lane had work but waited until t, when `release` ended the wait.
  void wait_until(Femtoseconds t, const Release& release) {
    advance(t, [&](Femtoseconds from) { ledger_->post_wait(id_, from, t, release); });
    worked_ = true;
  }

  /// A new frame begins at t0.
  void restart(Femtoseconds t0) {
    cursor_ = t0;
    worked_ = false;
  }

  /// The frame ends at `end`: the rest is idle.
  void finish(Femtoseconds end) {
    const Leaf leaf = worked_ ? Leaf::idle_after_last_work : Leaf::idle_unused;
    advance(end, [&](Femtoseconds from) { ledger_->post(id_, leaf, from, end); });
  }

 private:
  template <class Post>
  void advance(Femtoseconds t, Post&& post) {
    if (t <= cursor_) return;
    post(cursor_);
    cursor_ = t;
  }

  Ledger* ledger_;
  LaneId id_;
  Femtoseconds cursor_ = 0;
  bool worked_ = false;
};

}  // namespace cyclescope::ledger
