#include "arch/kpu/streamer.h"

#include <algorithm>
#include <iterator>

#include "arch/kpu/drain.h"

namespace cyclescope::kpu {

using ledger::Reason;
using ledger::Release;

namespace {

const char* lane_kind(compute::Side side) { return side == compute::Side::a ? "streamer_a" : "streamer_b"; }

}  // namespace

Streamer::Streamer(const ChipContext& chip, int tile, compute::Side side)
    : Engine(chip, lane_kind(side), tile), side_(side) {
  const TileKind& kind = chip.config.kinds[chip.config.kind_of_tile[static_cast<std::size_t>(tile)]];
  ahead_ = kind.rows + kind.columns + kind.ingress_depth;
}

void Streamer::launch(const Launch& launch, std::vector<StreamRun> runs, std::int64_t first_block) {
  if (!entering_.empty() || next_ != runs_.size())
    throw InternalError("an operator was launched before the one before it streamed");
  launch_ = launch;
  runs_ = std::move(runs);
  next_ = 0;
  first_block_ = first_block;
  loads_.clear();
  if (runs_.empty()) return;
  const Femtoseconds ready = launch.release.at + chip_.clocks(chip_.config.streamer_setup);
  const ledger::ActivityId setup = chip_.ledger.record(lane_.id(), launch.op, ledger::Leaf::overhead_descriptor,
                                                       launch.release.at, ready, launch.release);
  previous_ = {setup, ready, Reason::issue};
  wake_at(ready);
}

void Streamer::step() {
  while (next_ < runs_.size() && kernel::now() >= previous_.at && may_start()) {
    const StreamRun& run = runs_[next_];
    if (chip_.config.ideal_operands) loads_.resize(static_cast<std::size_t>(run.load) + 1, launch_.release);
    while (static_cast<std::int64_t>(loads_.size()) <= run.load && in_->ready()) {
      const Loaded loaded = in_->pop();
      chip_.ledger.received(chip_.traffic.l3_to_l2, loaded.bytes);
      loads_.push_back(loaded.release);
    }
    if (static_cast<std::int64_t>(loads_.size()) <= run.load) return;  // woken by the channel
    start(run);
  }
}

void Streamer::start(const StreamRun& run) {
  const Release release = ledger::latest({loads_[static_cast<std::size_t>(run.load)], previous_});
  const Femtoseconds now = kernel::now();
  wait_until(now, release);
  const ledger::ActivityId activity =
      chip_.ledger.open(lane_.id(), launch_.op, ledger::Leaf::waiting_operand_l2, now, release);
  entering_.push_back({next_, now, activity});
  entering_steps_ += run.steps;
  ++next_;
  const bool ideal = chip_.config.ideal_operands;
  const int latency = ideal ? 0 : chip_.config.l2_latency;
  const std::int64_t first_clock = chip_.cycle() + latency;
  const Release first_token{activity, chip_.clocks(first_clock), Reason::data};
  chip_.ledger.count(chip_.actions.l2_read, run.bytes, launch_.op);
  chip_.ledger.count(chip_.actions.streamer, run.bytes, launch_.op);
  chip_.ledger.count(chip_.actions.l1_write, run.bytes, launch_.op);
  chip_.ledger.count(chip_.actions.l1_read, run.bytes, launch_.op);
  chip_.ledger.sent(chip_.traffic.l2_to_l1, run.bytes);
  if (vector_work()) {
    drain_->feed(run, first_token);
    return;
  }
  compute::OperandRun operand;
  operand.block = first_block_ + run.block;
  operand.first_step = run.first_step;
  operand.steps = run.steps;
  operand.first_clock = first_clock;
  operand.clocks_num = ideal ? 0 : run.lines;
  operand.clocks_den = run.steps;
  operand.release = first_token;
  array_->supply(side_, operand);
}

void Streamer::run_entered(std::int64_t block, std::int64_t first_step, ledger::ActivityId by) {
  const auto run = std::find_if(entering_.begin(), entering_.end(), [&](const Entering& entering) {
    return first_block_ + runs_[entering.run].block == block && runs_[entering.run].first_step == first_step;
  });
  if (run == entering_.end()) throw InternalError("a run entered the array that was not streamed");
  std::rotate(entering_.begin(), run, std::next(run));
  entered(by);
}

void Streamer::entered(ledger::ActivityId by) {
  const Femtoseconds now = kernel::now();
  const Entering entered = entering_.front();
  entering_.pop_front();
  entering_steps_ -= runs_[entered.run].steps;
  const StreamRun& run = runs_[entered.run];
  chip_.ledger.close(entered.activity, now);
  const std::int64_t lines = chip_.config.ideal_operands ? 0 : run.lines;
  lane_.busy_until(std::min(now, entered.start + chip_.clocks(lines)), ledger::Leaf::useful_transfer);
  lane_.wait_until(now, {by, now, Reason::credit});
  chip_.ledger.received(chip_.traffic.l2_to_l1, run.bytes);
  if (run.release_bytes > 0 && !chip_.config.ideal_operands) {
    // The credit takes a clock back to the block mover.
    const Femtoseconds back = now + chip_.clocks(1);
    const ledger::ActivityId credit = chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::waiting_operand_l2, now,
                                                          back, {by, now, Reason::data});
    const Operand operand = side_ == compute::Side::a ? Operand::a : Operand::b;
    mover_->release_pool(operand, run.release_bytes, {credit, back, Reason::credit});
  }
  previous_ = {by, now, Reason::credit};
  wake_at(now);
}

}  // namespace cyclescope::kpu
