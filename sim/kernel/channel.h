// Credit channel between two modules: typed, of stated latency and capacity.
//
// Timing: an item pushed at t is visible at t + latency (>= 1 clock of the sender); a slot freed by pop at t can be
// used again at t + credit_latency.
// Causes: none of its own; the waiting side charges what it waits for.
// A channel that is bounded by something else (kUnbounded) has no credits, and wakes no producer.
// Errors: push without credit and pop of nothing are InternalErrors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "sim/base/error.h"
#include "sim/kernel/module.h"

namespace cyclescope::kernel {

/// Capacity of a channel whose items something else bounds.
constexpr std::size_t kUnbounded = SIZE_MAX;

template <class T>
class Channel {
 public:
  /// `consumer` is woken when an item arrives, `producer` when a credit returns.
  Channel(Module& producer, Module& consumer, Femtoseconds latency, std::size_t capacity, Femtoseconds credit_latency)
      : producer_(&producer),
        consumer_(&consumer),
        latency_(latency),
        credit_latency_(credit_latency),
        credits_(capacity) {
    if (latency <= 0 || credit_latency <= 0 || capacity == 0)
      throw InternalError("channel without latency or capacity");
  }

  /// True when a credit is available now.
  [[nodiscard]] bool can_push() {
    if (credits_ == kUnbounded) return true;
    collect();
    return credits_ > 0;
  }

  void push(T item) { push_at(std::move(item), now() + latency_); }

  /// The sender itself knows that the item leaves later: it arrives at `arrival` >= now + latency, in order.
  void push_at(T item, Femtoseconds arrival) {
    if (!can_push()) throw InternalError("push into a channel without credit");
    if (arrival < now() + latency_ || (!items_.empty() && arrival < items_.back().first)) {
      throw InternalError("channel item arrives before its latency or out of order");
    }
    if (credits_ != kUnbounded) --credits_;
    items_.emplace_back(arrival, std::move(item));
    consumer_->wake_at(arrival);
  }

  /// True when an item has arrived.
  [[nodiscard]] bool ready() const { return !items_.empty() && items_.front().first <= now(); }

  [[nodiscard]] const T& front() const { return items_.front().second; }

  /// Time the front item became visible.
  [[nodiscard]] Femtoseconds arrival() const { return items_.front().first; }

  T pop() {
    if (!ready()) throw InternalError("pop from a channel with nothing in it");
    T item = std::move(items_.front().second);
    items_.pop_front();
    if (credits_ == kUnbounded) return item;
    const Femtoseconds back = now() + credit_latency_;
    returning_.push_back(back);
    producer_->wake_at(back);
    return item;
  }

  /// Removes one credit for ever: the fault that tests inject to see the conservation law turn red.
  void lose_credit() {
    collect();
    if (credits_ > 0) {
      --credits_;
    } else {
      ++lost_;  // all are in use: the next one to return is the one
    }
  }

 private:
  void collect() {
    while (!returning_.empty() && returning_.front() <= now()) {
      returning_.pop_front();
      if (lost_ > 0) {
        --lost_;
      } else {
        ++credits_;
      }
    }
  }

  Module* producer_;
  Module* consumer_;
  Femtoseconds latency_;
  Femtoseconds credit_latency_;
  std::size_t credits_;
  std::size_t lost_ = 0;  ///< credits in use that will not come back
  std::deque<std::pair<Femtoseconds, T>> items_;
  std::deque<Femtoseconds> returning_;
};

}  // namespace cyclescope::kernel
