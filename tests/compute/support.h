// Stimuli for both array models: a feeder that pushes blocks, supplies operands and takes results on a fixed plan, and
// records at which clock each event came back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "sim/compute/array.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::compute::test {

constexpr Femtoseconds kPeriod = 1000;

/// One call to an array at the beginning of a clock.
struct Call {
  enum class Kind : std::uint8_t { push, supply, open };
  std::int64_t clock = 0;
  Kind kind = Kind::push;
  ArrayBlock block;
  Side side = Side::a;
  OperandRun run;
  EgressWindow window;
  ledger::Leaf cause = ledger::Leaf::waiting_operand_l2;  ///< of the activity behind a run or window
};

/// An event heard from an array.
struct Heard {
  std::string what;
  std::int64_t block = 0;
  std::int64_t first_step = 0;
  std::int64_t clock = 0;
  bool operator==(const Heard& other) const {
    return what == other.what && block == other.block && first_step == other.first_step && clock == other.clock;
  }
  bool operator<(const Heard& other) const {
    if (clock != other.clock) return clock < other.clock;
    if (what != other.what) return what < other.what;
    return block != other.block ? block < other.block : first_step < other.first_step;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Heard& heard) {
  return out << heard.what << " block " << heard.block << " step " << heard.first_step << " @" << heard.clock;
}

/// Makes the calls of a plan in order and listens.
class Feeder : public kernel::Module, public ArrayListener {
 public:
  Feeder(const std::string& name, std::vector<Call> plan, Femtoseconds period = kPeriod)
      : kernel::Module(name), plan_(std::move(plan)), period_(period) {
    std::stable_sort(plan_.begin(), plan_.end(), [](const Call& a, const Call& b) { return a.clock < b.clock; });
  }

  /// Every run and window gets an activity of its own that lasts for ever.
  void begin(Array& array, ledger::Ledger& ledger) {
    array_ = &array;
    const ledger::LaneId lane = ledger.add_lane("feeder." + std::string(name()), period_);
    for (Call& call : plan_) {
      ledger::Release& release = call.kind == Call::Kind::open ? call.window.release : call.run.release;
      const std::int64_t clock = call.kind == Call::Kind::open ? call.window.from_clock : call.run.first_clock;
      release.by = ledger.open(lane, -1, call.cause, 0, {});
      release.at = clock * period_;
      release.reason = call.kind == Call::Kind::open ? ledger::Reason::credit : ledger::Reason::data;
    }
    if (!plan_.empty()) wake_at(plan_.front().clock * period_);
  }

  void run_entered(Side side, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) override {
    note(side == Side::a ? "entered a" : "entered b", block, first_step, by);
  }
  void first_result(std::int64_t block, ledger::ActivityId by) override { note("first", block, 0, by); }
  void last_result(std::int64_t block, ledger::ActivityId by) override { note("last", block, 0, by); }

  [[nodiscard]] std::vector<Heard> heard() const {
    std::vector<Heard> sorted = heard_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  [[nodiscard]] std::int64_t clock_of(const std::string& what, std::int64_t block, std::int64_t first_step = 0) const {
    for (const Heard& heard : heard_) {
      if (heard.what == what && heard.block == block && heard.first_step == first_step) return heard.clock;
    }
    return -1;
  }
  [[nodiscard]] ledger::ActivityId last_by() const { return last_by_; }
  /// Clock of the latest last_result.
  [[nodiscard]] std::int64_t last_clock() const { return last_clock_; }

 protected:
  void step() override {
    const std::int64_t clock = kernel::now() / period_;
    while (next_ < plan_.size() && plan_[next_].clock <= clock) {
      const Call& call = plan_[next_++];
      if (call.kind == Call::Kind::push) array_->push_block(call.block, {ledger::kOrigin, 0, ledger::Reason::issue});
      if (call.kind == Call::Kind::supply) array_->supply(call.side, call.run);
      if (call.kind == Call::Kind::open) array_->open_egress(call.window);
    }
    if (next_ < plan_.size()) wake_at(plan_[next_].clock * period_);
  }

 private:
  void note(const char* what, std::int64_t block, std::int64_t first_step, ledger::ActivityId by) {
    if (kernel::now() % period_ != 0) throw InternalError("an array event between two clocks");
    heard_.push_back({what, block, first_step, kernel::now() / period_});
    if (std::string(what) != "last") return;
    last_by_ = by;
    last_clock_ = kernel::now() / period_;
  }

  std::vector<Call> plan_;
  Femtoseconds period_;
  Array* array_ = nullptr;
  std::size_t next_ = 0;
  std::vector<Heard> heard_;
  ledger::ActivityId last_by_ = ledger::kOrigin;
  std::int64_t last_clock_ = 0;
};

inline Call push_at(std::int64_t clock, std::int64_t id, int m, int n, std::int64_t steps, std::int64_t macs = -1) {
  Call call;
  call.clock = clock;
  call.kind = Call::Kind::push;
  call.block.id = id;
  call.block.m = m;
  call.block.n = n;
  call.block.steps = steps;
  call.block.macs = macs < 0 ? steps * m * n : macs;
  return call;
}

inline Call supply_at(std::int64_t clock, Side side, std::int64_t block, std::int64_t first_step, std::int64_t steps,
                      std::int64_t first_clock) {
  Call call;
  call.clock = clock;
  call.kind = Call::Kind::supply;
  call.side = side;
  call.run.block = block;
  call.run.first_step = first_step;
  call.run.steps = steps;
  call.run.first_clock = first_clock;
  return call;
}

inline Call open_at(std::int64_t clock, std::int64_t block, std::int64_t from_clock,
                    std::int64_t clocks_per_result = 1) {
  Call call;
  call.clock = clock;
  call.kind = Call::Kind::open;
  call.window.block = block;
  call.window.from_clock = from_clock;
  call.window.clocks_per_result = clocks_per_result;
  return call;
}

/// A plan in which nothing ever makes the array wait: equal full blocks, everything known at clock 0.
inline std::vector<Call> perfect_plan(int blocks, int m, int n, std::int64_t steps) {
  std::vector<Call> plan;
  for (int b = 0; b < blocks; ++b) {
    plan.push_back(push_at(0, b, m, n, steps));
    plan.push_back(supply_at(0, Side::a, b, 0, steps, 0));
    plan.push_back(supply_at(0, Side::b, b, 0, steps, 0));
    plan.back().run.clocks_num = plan[plan.size() - 2].run.clocks_num = 0;  // all tokens at once
    plan.push_back(open_at(0, b, 0, 1));
  }
  return plan;
}

inline ArrayActions declare_actions(ledger::Ledger& ledger) {
  ArrayActions actions;
  actions.mac = ledger.add_action("array", "mac", 0);
  actions.pe_hop = ledger.add_action("array", "pe_hop", 0);
  actions.drain_hop = ledger.add_action("array", "drain_hop", 0);
  return actions;
}

}  // namespace cyclescope::compute::test
