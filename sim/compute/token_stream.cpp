#include "sim/compute/token_stream.h"

#include <fmt/format.h>

namespace cyclescope::compute {

std::int64_t TokenRun::first_held(std::int64_t from, std::int64_t offset) const {
  const std::int64_t base = step();
  std::int64_t d = std::max<std::int64_t>(from - base, 0);
  if (d >= length()) return kUnknown;
  if (!due.empty()) {
    while (d < length() && due_clock(d) <= base + d + offset) ++d;
    return d < length() ? base + d : kUnknown;
  }
  if (due_clock(d) > base + d + offset) return base + d;
  if (run.clocks_num <= run.clocks_den) return kUnknown;  // later tokens come no later than their steps
  // floor(d (num - den) / den) >= lag, where lag > 0 because step base + d is not held.
  const std::int64_t lag = base + offset - run.first_clock + 1;
  d = ceil_div(checked_mul(lag, run.clocks_den), run.clocks_num - run.clocks_den);
  return d < length() ? base + d : kUnknown;
}

std::int64_t TokenRun::offset_by(std::int64_t last) const {
  const std::int64_t base = step();
  std::int64_t d = std::min(last - base, length() - 1);
  std::int64_t offset = due_clock(d) - (base + d);
  if (due.empty()) return std::max(offset, due_clock(0) - base);  // extreme at one end: the pace is constant
  while (d-- > 0) offset = std::max(offset, due_clock(d) - (base + d));
  return offset;
}

ledger::Release TokenRun::release(std::int64_t d, Femtoseconds period) const {
  ledger::Release release = run.release;
  release.at += (due_clock(d) - run.first_clock) * period;
  return release;
}

void TokenStream::supply(const OperandRun& given, const BlockState& block, std::int64_t call, Femtoseconds period) {
  const bool next_block = given.block > last_block_ && to_come_ == 0 && given.first_step == 0;
  const bool next_run = given.block == last_block_ && given.first_step == tokens(block.block) - to_come_;
  if ((!next_block && !next_run) || given.steps <= 0 || given.first_step + given.steps > tokens(block.block)) {
    throw InternalError(fmt::format("operand run of block {}, steps [{}, {}): out of order", given.block,
                                    given.first_step, given.first_step + given.steps));
  }
  if (given.clocks_num < 0 || given.clocks_den <= 0) throw InternalError("operand run with an impossible pace");
  if (any_ && explicit_ != (given.lane_clocks != nullptr)) {
    throw InternalError("only some operand runs have lane clocks");
  }
  any_ = true;
  explicit_ = given.lane_clocks != nullptr;

  TokenRun run{given, &block, {}};
  std::int64_t last_delivery = 0;
  if (explicit_) {
    last_delivery = expand(run, call);
  } else {
    run.run.first_clock = std::max({given.first_clock, call, last_clock_});
    run.run.release.at += (run.run.first_clock - given.first_clock) * period;
    last_clock_ = run.due_clock(given.steps - 1);
    last_delivery = last_clock_ + lanes(block.block) - 1;
  }
  EnteringRun entering;
  entering.block = &block;
  entering.first_step = given.first_step;
  entering.last_step = given.first_step + given.steps - 1;
  supplied_ += given.steps;
  entering.token = supplied_ - 1;
  entering.delivery = last_delivery;
  entering.release = run.run.release;
  entering.release.at += (last_delivery - run.run.first_clock) * period;
  unplaced_.push_back(entering);
  runs_.push_back(std::move(run));
  to_come_ = tokens(block.block) - given.first_step - given.steps;
  last_block_ = given.block;
}

std::int64_t TokenStream::expand(TokenRun& run, std::int64_t call) {
  const std::vector<std::int64_t>& clocks = *run.run.lane_clocks;
  const int width = lanes(run.block->block);
  if (static_cast<std::int64_t>(clocks.size()) != width * run.run.steps) {
    throw InternalError(
        fmt::format("operand run with {} lane clocks for {} lanes and {} steps", clocks.size(), width, run.run.steps));
  }
  lane_clock_.resize(std::max(lane_clock_.size(), static_cast<std::size_t>(width)), 0);
  run.due.assign(static_cast<std::size_t>(stationary_ ? run.run.steps * width : run.run.steps + width - 1), 0);
  std::int64_t last_delivery = 0;
  for (int lane = 0; lane < width; ++lane) {
    std::int64_t& clock = lane_clock_[static_cast<std::size_t>(lane)];
    for (std::int64_t k = 0; k < run.run.steps; ++k) {
      clock = std::max({clock, call, clocks[static_cast<std::size_t>(lane * run.run.steps + k)]});
      std::int64_t& due = run.due[static_cast<std::size_t>(stationary_ ? k * width + lane : k + lane)];
      due = std::max(due, clock);
    }
    last_delivery = std::max(last_delivery, clock);
  }
  return last_delivery;
}

std::int64_t TokenStream::use_step(const BlockState& state, std::int64_t token) const {
  if (!stationary_) return state.started() ? state.start + token : kUnknown;
  return token < static_cast<std::int64_t>(state.row_steps.size()) ? state.row_steps[static_cast<std::size_t>(token)]
                                                                   : kUnknown;
}

// Lanes [low, high) need the slot of the token that is `back` tokens before token `last` of blocks[index].
std::int64_t TokenStream::room_step(const BlockQueue& blocks, std::size_t index, int low, int high, std::int64_t last,
                                    std::int64_t back) const {
  const BlockState& state = blocks[index];
  const int with_tokens = std::min(high, lanes(state.block));
  const auto earlier = [&](int from, int to, std::int64_t rest) {
    return from < to && index > 0 ? room_step(blocks, index - 1, from, to, tokens(blocks[index - 1].block), rest)
                                  : kNoStep;
  };
  if (with_tokens <= low) return earlier(low, high, back);
  const std::int64_t other_lanes = earlier(with_tokens, high, back);
  if (back > last) return std::max(other_lanes, earlier(low, with_tokens, back - last));
  const std::int64_t used = use_step(state, last - back);
  return used == kUnknown ? kUnknown : std::max(other_lanes, used + with_tokens - 1);
}

void TokenStream::place(const BlockQueue& blocks, std::int64_t next_step) {
  // Lane 0 is behind the newest block of all lanes, so a run that cannot be placed stops those after it.
  while (!unplaced_.empty()) {
    EnteringRun& run = unplaced_.front();
    const std::size_t index = position(blocks, run.block->block.id);
    run.room_step = room_step(blocks, index, 0, lanes(run.block->block), run.last_step, depth_);
    if (run.room_step == kUnknown) return;
    if (run.room_step < next_step) run.room_step = kNoStep;  // used long ago
    entering_.push_back(run);
    unplaced_.pop_front();
  }
}

void TokenStream::forget(std::int64_t next_step) {
  const auto done = [&](const TokenRun& run) { return run.placed() && run.step() + run.length() <= next_step; };
  while (!runs_.empty() && done(runs_.front())) runs_.pop_front();
}

const TokenRun* TokenStream::first_run(const BlockState& block) const {
  for (const TokenRun& run : runs_) {
    if (run.block == &block) return run.run.first_step == 0 ? &run : nullptr;
  }
  return nullptr;
}

std::int64_t TokenStream::missing_step(const BlockState& newest_started) const {
  if (newest_started.block.id != last_block_ || to_come_ == 0) return kUnknown;
  return newest_started.start + newest_started.block.steps - to_come_;
}

}  // namespace cyclescope::compute
