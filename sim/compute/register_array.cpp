#include "sim/compute/register_array.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace cyclescope::compute {

RegisterArray::RegisterArray(const std::string& name, const ArrayGeometry& geometry, const Clock& clock,
                             ledger::Ledger& ledger, const std::string& lane, const ArrayActions& actions,
                             ArrayListener& listener)
    : Array(name),
      clock_(clock),
      geometry_(geometry),
      ledger_(&ledger),
      lane_(ledger, lane, clock.period(),
            static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs),
      actions_(actions),
      listener_(&listener),
      grid_(geometry.rows, geometry.columns),
      a_(Side::a, geometry.rows, geometry.ingress_depth),
      b_(Side::b, geometry.columns, geometry.ingress_depth),
      egress_(geometry.columns, geometry.egress_depth),
      entered_a_(static_cast<std::size_t>(geometry.rows)),
      entered_b_(static_cast<std::size_t>(geometry.columns)) {
  if (geometry.ingress_depth < 1 || geometry.egress_depth < 2) {
    throw InternalError(fmt::format("{}: FIFO too shallow", name));
  }
}

RegisterArray::Block& RegisterArray::find(std::int64_t id) {
  for (Block& block : blocks_) {
    if (block.block.id == id) return block;
  }
  throw InternalError(fmt::format("{}: block {} is not on the array", name(), id));
}

void RegisterArray::push_block(const ArrayBlock& block, const ledger::Release& release) {
  if (block.m <= 0 || block.m > geometry_.rows || block.n <= 0 || block.n > geometry_.columns || block.steps <= 0 ||
      (!blocks_.empty() && block.id <= blocks_.back().block.id)) {
    throw InternalError(
        fmt::format("{}: block {} of {} x {} x {} steps", name(), block.id, block.m, block.n, block.steps));
  }
  blocks_.push_back({block, release, current_clock(), static_cast<std::int64_t>(block.m) * block.n, 0});
  wake();
}

void RegisterArray::supply(Side side, const OperandRun& run) {
  (side == Side::a ? a_ : b_).supply(run, find(run.block).block, current_clock(), clock_.period());
  wake();
}

void RegisterArray::open_egress(const EgressWindow& window) {
  (void)find(window.block);
  egress_.open(window, current_clock(), clock_.period());
  wake();
}

void RegisterArray::step() {
  const std::int64_t clock = current_clock();
  if (clock != now_) begin_clock(clock);
  deliver();
  leave();
  if (!moved_) move();
  if (moved_) start_block();
  if (!blocks_.empty()) wake_at(clock_.cycles(clock + 1));
}

void RegisterArray::begin_clock(std::int64_t clock) {
  book_clock();
  moved_before_ = moved_ && now_ == clock - 1;
  now_ = clock;
  moved_ = false;
  held_by_drain_ = false;
  a_.begin_clock();
  b_.begin_clock();
  egress_.begin_clock();
}

void RegisterArray::deliver() {
  for (const auto& [side, lanes] : {std::pair{Side::a, &a_}, std::pair{Side::b, &b_}}) {
    for (const IngressLanes::Entry& entry : lanes->deliver(now_)) {
      listener_->run_entered(side, entry.block, entry.first_step, entry.delayed ? activity_ : entry.by);
    }
  }
}

void RegisterArray::leave() {
  for (const ResultTag& result : egress_.leave(now_, clock_.period())) {
    Block& block = find(result.block->id);
    if (--block.to_leave > 0) continue;
    const std::int64_t id = block.block.id;
    listener_->last_result(id, block.last_arrival + 1 == now_ ? activity_ : egress_.opened(id).by);
  }
  while (!blocks_.empty() && blocks_.front().to_leave == 0) {
    if (issuing_ == &blocks_.front().block) issuing_ = nullptr;
    blocks_.pop_front();
    --started_;
  }
}

std::vector<OperandTag> RegisterArray::due(Side side) const {
  const std::vector<OperandTag>& entered = side == Side::a ? entered_a_ : entered_b_;
  std::vector<OperandTag> tags(entered.size());
  if (issuing_ != nullptr && next_k_ < issuing_->steps) tags[0] = {issuing_, next_k_, 0};
  for (int i = 1; i < static_cast<int>(tags.size()); ++i) {
    const OperandTag& neighbour = entered[static_cast<std::size_t>(i - 1)];
    if (neighbour.block == nullptr || i >= (side == Side::a ? neighbour.block->m : neighbour.block->n)) continue;
    tags[static_cast<std::size_t>(i)] = {neighbour.block, neighbour.k, i};
  }
  return tags;
}

std::vector<RegisterArray::Obstacle> RegisterArray::obstacles() const {
  std::vector<Obstacle> found;
  for (const auto& [side, lanes] : {std::pair{Side::a, &a_}, std::pair{Side::b, &b_}}) {
    for (const OperandTag& tag : due(side)) {
      if (tag.block != nullptr && lanes->empty(tag.lane)) found.push_back({false, side, tag.lane, false, {}});
    }
  }
  for (int j = 0; j < geometry_.columns; ++j) {
    if (grid_.arriving(j).block != nullptr && !egress_.has_room(j)) found.push_back({true, Side::a, j, false, {}});
  }
  return found;
}

void RegisterArray::move() {
  if (frozen_by_.empty()) {
    frozen_by_ = obstacles();
    frozen_from_ = now_;
  }
  bool frozen = false;
  for (Obstacle& obstacle : frozen_by_) {
    if (obstacle.gone) continue;
    const IngressLanes& lanes = obstacle.side == Side::a ? a_ : b_;
    obstacle.gone = obstacle.column ? egress_.has_room(obstacle.index) : !lanes.empty(obstacle.index);
    if (obstacle.gone) {
      obstacle.release =
          obstacle.column ? egress_.room(obstacle.index) : lanes.release(obstacle.index, clock_.period());
    }
    frozen = frozen || !obstacle.gone;
  }
  if (frozen) return;
  book_resumption();
  frozen_by_.clear();
  issued_before_ = entered_a_[0].block != nullptr;

  for (const auto& [side, lanes, entered] :
       {std::tuple{Side::a, &a_, &entered_a_}, std::tuple{Side::b, &b_, &entered_b_}}) {
    std::vector<OperandTag> tags = due(side);
    for (const OperandTag& tag : tags) {
      if (tag.block == nullptr) continue;
      const OperandTag token = lanes->take(tag.lane);
      if (token.block != tag.block || token.k != tag.k || token.lane != tag.lane) {
        throw InternalError(fmt::format("{}: lane {} holds another token than is due", name(), tag.lane));
      }
    }
    *entered = std::move(tags);
  }
  if (entered_a_[0].block != nullptr) ++next_k_;

  std::vector<ResultTag> arriving;
  for (int j = 0; j < geometry_.columns; ++j) {
    const ResultTag result = grid_.arriving(j);
    if (result.block != nullptr) arriving.push_back(result);
  }
  grid_.step(entered_a_, entered_b_);
  ++step_;
  moved_ = true;
  reserved_.erase(reserved_.begin(), reserved_.lower_bound(step_));
  if (filling_ != nullptr && grid_.corner_begins(*filling_)) filling_ = nullptr;
  draining_ = results_to_come_ > 0;
  results_to_come_ -= static_cast<std::int64_t>(arriving.size());
  for (const ResultTag& result : arriving) {
    egress_.arrive(result, now_);
    find(result.block->id).last_arrival = now_;
  }
  for (const ResultTag& result : arriving) {
    if (result.row == 0 && result.column == 0) listener_->first_result(result.block->id, activity_);
  }
}

bool RegisterArray::links_free(const ArrayBlock& block, std::int64_t step) const {
  const std::int64_t first = step + block.steps;
  if (!geometry_.interleave_drain) return reserved_.empty() || *reserved_.rbegin() < first;
  for (int i = 0; i < block.m; ++i) {
    if (reserved_.count(first + 2 * i) != 0) return false;
  }
  return first > handed_over_;
}

void RegisterArray::start_block() {
  if (started_ == blocks_.size() || entered_a_[0].block != nullptr) return;
  if (issuing_ != nullptr && next_k_ < issuing_->steps) return;
  Block& next = blocks_[started_];
  if (a_.empty(0) || b_.empty(0)) return;
  held_by_drain_ = !links_free(next.block, step_);
  if (held_by_drain_) return;

  const Femtoseconds period = clock_.period();
  const ledger::Release operands = ledger::latest({a_.release(0, period), b_.release(0, period), next.pushed_by});
  const bool held_back = draining_ && (!moved_before_ || issued_before_ || !links_free(next.block, step_ - 1));
  entered_a_[0] = a_.take(0);
  entered_b_[0] = b_.take(0);
  if (entered_a_[0].block != &next.block || entered_a_[0].k != 0) {
    throw InternalError(fmt::format("{}: block {} finds operands of another", name(), next.block.id));
  }
  grid_.inject(entered_a_[0], entered_b_[0]);
  issuing_ = &next.block;
  next_k_ = 1;
  ++started_;
  handed_over_ = step_ + next.block.steps + next.block.m - 1;
  for (int i = 0; i < next.block.m; ++i) reserved_.insert(step_ + next.block.steps + 2 * i);
  results_to_come_ += next.to_leave;
  if (!draining_) filling_ = &next.block;
  if (filling_ != nullptr && grid_.corner_begins(*filling_)) filling_ = nullptr;
  book_start(next, operands, held_back);
}

}  // namespace cyclescope::compute
