#include "sim/compute/stationary_load.h"

#include <algorithm>

namespace cyclescope::compute {

void StationaryLoad::next(BlockState* fold, std::int64_t from) {
  if (fold_ != nullptr) loaded_ += fold_->block.m;
  fold_ = fold;
  row_ = 0;
  ready_ = std::max(ready_, from);
  late_clock_ = kUnknown;
  if (fold != nullptr) fold->row_steps.reserve(static_cast<std::size_t>(fold->block.m));
}

std::int64_t StationaryLoad::due(const TokenRun& run, std::int64_t row) const {
  const std::int64_t k = row - run.run.first_step;
  return run.due.empty() ? run.due_clock(k) : run.due[static_cast<std::size_t>(k * stream_.lanes(run.block->block))];
}

std::int64_t StationaryLoad::target() const {
  if (fold_ == nullptr) return 0;
  const std::int64_t last = fold_->block.m - 1;
  const std::deque<TokenRun>& runs = stream_.runs();
  if (!runs.empty() && !runs.front().due.empty()) return std::min(row_, last);
  const std::int64_t wanted = stream_.wanted_token();
  if (wanted == kUnknown || wanted < loaded_ + row_) return last;
  return std::min(last, wanted - loaded_);
}

// Row k enters at the largest of: one step per row from `ready_` on, and one step per row from the step of any token
// before it. Of a regular run the first or the last token decides, because its pace is constant.
std::int64_t StationaryLoad::step_of(std::int64_t row, std::int64_t offset) const {
  if (fold_ == nullptr || row < row_) return kUnknown;
  std::int64_t step = ready_ - 1;
  std::int64_t next = row_;
  for (const TokenRun& run : stream_.runs()) {
    if (run.block != fold_) break;
    const std::int64_t last = std::min(row, run.run.first_step + run.run.steps - 1);
    if (run.due.empty()) {
      const std::int64_t rows = last - next;
      step = std::max({step + rows + 1, due(run, next) - offset + rows, due(run, last) - offset});
    } else {
      for (std::int64_t k = next; k <= last; ++k) step = std::max(step + 1, due(run, k) - offset);
    }
    if (last == row) return step;
    next = last + 1;
  }
  return kUnknown;
}

void StationaryLoad::enter(std::int64_t limit, std::int64_t offset, std::int64_t idle_from, Femtoseconds period,
                           std::vector<LoadedRows>& loaded) {
  std::deque<TokenRun>& runs = stream_.runs();
  bool same_run = false;
  while (fold_ != nullptr && row_ < fold_->block.m && !runs.empty() && runs.front().block == fold_) {
    const TokenRun& run = runs.front();
    const std::int64_t due_step = due(run, row_) - offset;
    const std::int64_t step = std::max(ready_, due_step);
    if (step >= limit) return;
    ledger::Release release = run.run.release;
    release.at += (due_step + offset - run.run.first_clock) * period;
    if (step > ready_) {
      late_clock_ = step + offset;
      late_release_ = release;
    }
    if (step >= idle_from) {
      if (!same_run) loaded.push_back({0, step, step, step == due_step, release, kUnknown, {}, fold_});
      same_run = true;
      LoadedRows& batch = loaded.back();
      if (step > batch.last_step + 1) {
        batch.late_step = step;
        batch.late_release = release;
      }
      batch.last_step = step;
      ++batch.rows;
    }
    if (!run.due.empty()) hold(run, row_, step);
    fold_->row_steps.push_back(step);
    last_ = step;
    ready_ = step + 1;
    if (++row_ < run.run.first_step + run.run.steps) continue;
    runs.pop_front();
    same_run = false;
  }
}

void StationaryLoad::hold(const TokenRun& run, std::int64_t row, std::int64_t step) {
  const auto lanes = static_cast<std::ptrdiff_t>(stream_.lanes(run.block->block));
  const auto first = run.due.begin() + static_cast<std::ptrdiff_t>(row - run.run.first_step) * lanes;
  held_.push_back({step, {first, first + lanes}, run.run.release, run.run.first_clock});
}

std::int64_t StationaryLoad::first_held(std::int64_t from, std::int64_t offset) const {
  std::int64_t first = kUnknown;
  for (const Held& held : held_) {
    const auto lanes = static_cast<std::int64_t>(held.due.size());
    for (std::int64_t d = std::max<std::int64_t>(from - held.step, 0); d < lanes; ++d) {
      if (held.due[static_cast<std::size_t>(d)] <= held.step + d + offset) continue;
      first = std::min(first, held.step + d);
      break;
    }
  }
  return first;
}

void StationaryLoad::forget(std::int64_t next_step) {
  const auto done = [&](const Held& held) {
    return held.step + static_cast<std::int64_t>(held.due.size()) <= next_step;
  };
  held_.erase(std::remove_if(held_.begin(), held_.end(), done), held_.end());
}

}  // namespace cyclescope::compute
