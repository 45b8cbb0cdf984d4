#include "arch/kpu/drain.h"

#include "arch/kpu/sender.h"
#include "arch/kpu/streamer.h"
#include "arch/kpu/tile_choice.h"

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
  next_output_ = 0;
  sums_ = launch.release;
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
    send(blocks_[next_result_++], vector_end_ + chip_.clocks(1), vector_activity_);
    streamer_->entered(vector_activity_);
  }
  if (vector_pending_) run_vector();
  open_windows();
}

std::int64_t Drain::row_clocks(const BlockCommand& block) const {
  const bool stays = op().array.weight_stationary;
  const std::int64_t natural =
      compute::result_interval(stays ? compute::Dataflow::weight_stationary : compute::Dataflow::output_stationary);
  const bool meets_sums = block.adds || !block.leaves || op().part_channels > 0;
  const std::int64_t lines = meets_sums ? ceil_div(block.row_results * kSumBytes, chip_.config.line_bytes) : 0;
  return std::max({natural, unit_.issue_clocks(block.row_results, block.passes), lines});
}

bool Drain::rows_return_early(const BlockCommand& block) const {
  if (block.leaves || chip_.config.ideal_operands) return false;
  return block.steps * row_clocks(block) < unit_.depth + 1 + chip_.config.l2_latency;
}

void Drain::open_windows() {
  while (!first_results_.empty()) {
    const BlockCommand& block = blocks_[next_window_];
    const bool ideal = chip_.config.ideal_operands;
    if (block.adds && rows_return_early(blocks_[next_window_ - 1])) {
      if (next_result_ < next_window_) return;  // called again when the sums are on their way
      if (sums_.at > kernel::now()) return wake_at(sums_.at);
    }
    Release release = ledger::latest({first_results_.front(), sums_});  // later blocks may have waited behind sums too
    if (!ideal && block.leaves) {
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
    if (services_.empty()) wait_until(now, release);  // else it is at work on the block before
    services_.push_back(chip_.ledger.open(lane_.id(), launch_.op, ledger::Leaf::useful_vector, now, release));
    compute::EgressWindow window;
    window.block = first_block_ + static_cast<std::int64_t>(next_window_);
    window.from_clock = chip_.cycle();
    window.clocks_per_result = ideal ? 1 : row_clocks(block);
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

void Drain::count(const BlockCommand& block) {
  const std::int64_t bytes = block.results * kSumBytes;
  chip_.ledger.count(chip_.actions.vector_pass, block.results * block.passes, launch_.op);
  chip_.ledger.count(chip_.actions.l1_write, bytes, launch_.op);
  chip_.ledger.count(chip_.actions.l1_read, bytes, launch_.op);
  chip_.ledger.count(chip_.actions.pe_register, block.macs, launch_.op);
  const std::int64_t reads = block.adds ? bytes : 0;
  const std::int64_t writes = block.leaves ? 0 : bytes;
  chip_.ledger.count(chip_.actions.l2_read, reads, launch_.op);
  chip_.ledger.count(chip_.actions.l2_write, writes, launch_.op);
  chip_.ledger.count(chip_.actions.streamer, reads + writes, launch_.op);
}

void Drain::last_result(ledger::ActivityId by) {
  const Femtoseconds now = kernel::now();
  const BlockCommand& block = blocks_[next_result_++];
  count(block);
  const Femtoseconds done = now + chip_.clocks(unit_.depth + 1);
  chip_.ledger.close(services_.front(), now + chip_.clocks(1));  // its last FIFO slot is free a clock later
  services_.pop_front();
  const ledger::ActivityId activity =
      chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::useful_vector, now, done, {by, now, Reason::data});
  lane_.busy_until(done, ledger::Leaf::useful_vector);
  if (rows_return_early(block)) {
    const Femtoseconds read = done + chip_.clocks(chip_.config.l2_latency);
    const ledger::ActivityId latency = chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::waiting_operand_l2,
                                                           done, read, {activity, done, Reason::data});
    sums_ = {latency, read, Reason::data};
    open_windows();
  }
  if (!block.leaves) return;
  if (block.residual_bytes > 0 && !chip_.config.ideal_operands) {
    chip_.ledger.count(chip_.actions.l2_read, block.residual_bytes, launch_.op);
    mover_->release_pool(Operand::residual, block.residual_bytes, {activity, done, Reason::credit});
  }
  send(block, done, activity);
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
  chip_.ledger.count(chip_.actions.vector_pass, vector_run_.elements, launch_.op);
  // Depthwise: a pass multiplies and adds.
  if (op().macs > 0) {
    chip_.ledger.count(chip_.actions.mac_vector, vector_run_.elements, launch_.op);
  }
  wake_at(vector_end_);
}

void Drain::send(const BlockCommand& block, Femtoseconds done, ledger::ActivityId by) {
  if (chip_.config.ideal_operands) {
    sender_->block_done(launch_.op, {by, done, Reason::data});
    return;
  }
  chip_.ledger.count(chip_.actions.streamer, block.out_bytes, launch_.op);
  chip_.ledger.count(chip_.actions.l2_write, block.out_bytes, launch_.op);
  chip_.ledger.sent(chip_.traffic.results, block.out_bytes);
  out_->push_at({next_output_++, launch_.op, {by, done, Reason::data}}, done);
}

}  // namespace cyclescope::kpu
