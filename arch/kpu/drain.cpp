#include "arch/kpu/drain.h"

#include "arch/kpu/sender.h"
#include "arch/kpu/streamer.h"

namespace cyclescope::kpu {

using ledger::Reason;
using ledger::Release;

Drain::Drain(const ChipContext& chip, int tile)
    : Engine(chip, "vector", tile), unit_{chip.config.vector_lanes, chip.config.vector_depth} {}

void Drain::launch(const Launch& launch, std::vector<BlockCommand> blocks, std::int64_t first_block) {
  if (next_result_ != blocks_.size()) throw InternalError("an operator was launched before the one before it drained");
  launch_ = launch;
  blocks_ = std::move(blocks);
  first_block_ = first_block;
  next_window_ = 0;
  next_result_ = 0;
  slot_ = ledger::latest({slot_, launch.release});
  wake_at(kernel::now());
}

void Drain::return_slot(const Release& release) {
  returning_.push_back(release);
  wake_at(release.at);
}

void Drain::collect_slots() {
  while (!returning_.empty() && returning_.front().at <= kernel::now()) {
    slot_ = returning_.front();
    returning_.pop_front();
    ++slots_;
  }
}

void Drain::step() {
  collect_slots();
  if (vector_running_ && kernel::now() >= vector_end_) {
    vector_running_ = false;
    send(static_cast<std::int64_t>(next_result_), vector_end_ + chip_.clocks(1), vector_activity_);
    ++next_result_;
    streamer_->entered(vector_activity_);
  }
  if (vector_pending_) run_vector();
  open_windows();
}

void Drain::open_windows() {
  while (!first_results_.empty()) {
    const BlockCommand& block = blocks_[next_window_];
    const bool ideal = chip_.config.ideal_operands;
    Release release = first_results_.front();
    if (!ideal) {
      if (slots_ <= 0) return;
      if (block.residual_bytes > 0 && !residuals_->ready()) return;
      --slots_;
      release = ledger::latest({release, slot_});
      if (block.residual_bytes > 0) {
        const Loaded residual = residuals_->pop();
        chip_.ledger.received(chip_.traffic.l3_to_l2, residual.bytes);
        release = ledger::latest({release, residual.release});
      }
    }
    const Femtoseconds now = kernel::now();
    wait_until(now, release);
    services_.push_back(chip_.ledger.open(lane_.id(), launch_.op, ledger::Leaf::useful_vector, now, release));
    const LoweredOp& op = chip_.program.ops[static_cast<std::size_t>(launch_.op)];
    compute::EgressWindow window;
    window.block = first_block_ + static_cast<std::int64_t>(next_window_);
    window.from_clock = chip_.cycle();
    window.clocks_per_result = ideal ? 1 : std::max<std::int64_t>(2, unit_.issue_clocks(block.n, op.vector_passes));
    window.release = {services_.back(), now, Reason::credit};
    first_results_.pop_front();
    ++next_window_;
    array_->open_egress(window);
  }
}

void Drain::first_result(ledger::ActivityId by) {
  first_results_.push_back({by, kernel::now(), Reason::data});
  open_windows();
}

void Drain::last_result(ledger::ActivityId by) {
  const Femtoseconds now = kernel::now();
  const BlockCommand& block = blocks_[next_result_];
  const LoweredOp& op = chip_.program.ops[static_cast<std::size_t>(launch_.op)];
  const std::int64_t results = block.m * block.n;
  chip_.ledger.count(chip_.actions.vector_pass, results * op.vector_passes);
  constexpr std::int64_t kAccumulatorBytes = 4;
  chip_.ledger.count(chip_.actions.l1_write, results * kAccumulatorBytes);
  chip_.ledger.count(chip_.actions.l1_read, results * kAccumulatorBytes);
  chip_.ledger.count(chip_.actions.pe_register, block.macs);
  const Femtoseconds done = now + chip_.clocks(unit_.depth + 1);
  chip_.ledger.close(services_.front(), now + chip_.clocks(1));  // its last FIFO slot is free a clock later
  services_.pop_front();
  const ledger::ActivityId activity =
      chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::useful_vector, now, done, {by, now, Reason::data});
  lane_.busy_until(done, ledger::Leaf::useful_vector);
  if (block.residual_bytes > 0 && !chip_.config.ideal_operands) {
    chip_.ledger.count(chip_.actions.l2_read, block.residual_bytes);
    mover_->release_pool(Operand::residual, block.residual_bytes, {activity, done, Reason::credit});
  }
  send(static_cast<std::int64_t>(next_result_), done, activity);
  ++next_result_;
}

void Drain::feed(const StreamRun& run, const Release& first_token) {
  vector_pending_ = true;
  vector_run_ = run;
  vector_data_ = first_token;
  wake_at(first_token.at);
}

void Drain::run_vector() {
  const bool ideal = chip_.config.ideal_operands;
  const Femtoseconds now = kernel::now();
  if (vector_running_ || now < vector_data_.at || (slots_ <= 0 && !ideal)) return;
  if (!ideal) --slots_;
  vector_pending_ = false;
  vector_running_ = true;
  const std::int64_t lines = ideal ? 0 : vector_run_.lines;
  const std::int64_t issue = std::max(vector_run_.clocks, lines);
  vector_end_ = now + chip_.clocks(issue + unit_.depth);
  const Release release = ideal ? vector_data_ : ledger::latest({vector_data_, slot_});
  // One clock more: the last line is written to L2.
  vector_activity_ = chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::useful_vector, now,
                                         vector_end_ + chip_.clocks(1), release);
  wait_until(now, release);
  lane_.busy_until(vector_end_, ledger::Leaf::useful_vector);
  chip_.ledger.count(chip_.actions.vector_pass, vector_run_.elements);
  wake_at(vector_end_);
}

void Drain::send(std::int64_t block, Femtoseconds done, ledger::ActivityId by) {
  if (chip_.config.ideal_operands) {
    sender_->block_done(launch_.op, {by, done, Reason::data});
    return;
  }
  const std::int64_t bytes = blocks_[static_cast<std::size_t>(block)].out_bytes;
  chip_.ledger.count(chip_.actions.streamer, bytes);
  chip_.ledger.count(chip_.actions.l2_write, bytes);
  chip_.ledger.sent(chip_.traffic.results, bytes);
  out_->push_at({block, launch_.op, {by, done, Reason::data}}, done);
}

}  // namespace cyclescope::kpu
