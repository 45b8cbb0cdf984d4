#include "sim/compute/ingress_lanes.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::compute {

std::int64_t IngressLanes::due(const Run& run, int lane, std::int64_t k) {
  if (run.given.lane_clocks != nullptr) {
    return std::max(run.call, (*run.given.lane_clocks)[static_cast<std::size_t>(lane * run.given.steps + k)]);
  }
  return run.begin + lane + k * run.given.clocks_num / run.given.clocks_den;
}

void IngressLanes::supply(const OperandRun& given, const ArrayBlock& block, std::int64_t clock, Femtoseconds period) {
  Run run{given, &block, given.first_clock, clock, side_ == Side::a ? block.m : block.n, 0, 0};
  const std::int64_t tokens = stationary_ ? block.m : block.steps;
  const bool next_run = given.block == block_ && given.first_step == end_;
  const bool next_block = given.block != block_ && end_ == block_steps_ && given.first_step == 0;
  if ((!next_run && !next_block) || given.steps <= 0 || given.first_step + given.steps > tokens) {
    throw InternalError(
        fmt::format("operand run of block {} from step {}: out of order", given.block, given.first_step));
  }
  block_ = given.block;
  block_steps_ = tokens;
  end_ = given.first_step + given.steps;
  if (given.lane_clocks == nullptr) {
    const std::int64_t before = runs_.empty() ? 0 : due(runs_.back(), 0, runs_.back().given.steps - 1);
    run.begin = std::max({run.begin, clock, before});
    run.given.release.at += (run.begin - given.first_clock) * period;
  }
  runs_.push_back(run);
}

void IngressLanes::begin_clock() {
  for (Lane& lane : lanes_) {
    lane.used -= lane.emptied;
    lane.emptied = 0;
  }
}

std::vector<IngressLanes::Entry> IngressLanes::deliver(std::int64_t clock) {
  std::vector<Entry> complete;
  for (int i = 0; i < static_cast<int>(lanes_.size()); ++i) {
    Lane& lane = lanes_[static_cast<std::size_t>(i)];
    while (lane.run < runs_.size()) {
      Run& run = runs_[lane.run];
      if (i >= run.width) {
        ++lane.run;
        continue;
      }
      const std::int64_t at = std::max(due(run, i, lane.k), lane.last_due);
      if (at > clock || lane.used == depth_) break;
      lane.last_due = at;
      lane.fifo.push_back({{run.block, run.given.first_step + lane.k, i}, at, run.begin, run.given.release});
      ++lane.used;
      run.last_due = std::max(run.last_due, at);
      if (++lane.k < run.given.steps) continue;
      lane.k = 0;
      ++lane.run;
      if (++run.lanes_complete == run.width) {
        complete.push_back({run.block->id, run.given.first_step, run.last_due < clock, run.given.release.by});
      }
    }
  }
  return complete;
}

ledger::Release IngressLanes::release(int lane, Femtoseconds period) const {
  const Token& token = at(lane).fifo.front();
  ledger::Release release = token.release;
  release.at += (token.due - token.run_clock) * period;
  return release;
}

OperandTag IngressLanes::take(int lane) {
  Lane& source = lanes_[static_cast<std::size_t>(lane)];
  if (source.fifo.empty()) throw InternalError("operand taken from an empty FIFO");
  const OperandTag tag = source.fifo.front().tag;
  source.fifo.pop_front();
  ++source.emptied;
  return tag;
}

}  // namespace cyclescope::compute
