#include "sim/compute/register_stationary_array.h"

#include <fmt/format.h>

#include <utility>

#include "sim/compute/array_rules.h"

namespace cyclescope::compute {

RegisterStationaryArray::RegisterStationaryArray(const std::string& name, const ArrayGeometry& geometry,
                                                 const Clock& clock, ledger::Ledger& ledger, const std::string& lane,
                                                 const ArrayActions& actions, ArrayListener& listener)
    : Array(name),
      clock_(clock),
      geometry_(geometry),
      ledger_(&ledger),
      lane_(ledger, lane, clock.period(),
            static_cast<std::int64_t>(geometry.rows) * geometry.columns * geometry.quarter_macs),
      actions_(actions),
      listener_(&listener),
      grid_(geometry.rows, geometry.columns, geometry.stationary_buffers),
      west_(Side::a, geometry.rows, geometry.ingress_depth),
      north_(Side::b, geometry.columns, geometry.ingress_depth, true),
      egress_(geometry.columns, geometry.egress_depth, true),
      entered_west_(static_cast<std::size_t>(geometry.rows)),
      entered_north_(static_cast<std::size_t>(geometry.columns)) {
  check_stationary(geometry);
}

RegisterStationaryArray::Fold& RegisterStationaryArray::find(std::int64_t id) {
  for (Fold& fold : folds_) {
    if (fold.block.id == id) return fold;
  }
  throw InternalError(fmt::format("{}: block {} is not on the array", name(), id));
}

void RegisterStationaryArray::push_block(const ArrayBlock& block, const ledger::Release& release) {
  check_fold(geometry_, block, last_id_);
  last_id_ = block.id;
  folds_.push_back({block, release, current_clock(), block.steps * block.n, 0});
  wake();
}

void RegisterStationaryArray::supply(Side given, const OperandRun& run) {
  (given == side(true) ? north_ : west_).supply(run, find(run.block).block, current_clock(), clock_.period());
  wake();
}

void RegisterStationaryArray::open_egress(const EgressWindow& window) {
  (void)find(window.block);
  egress_.open(window, current_clock(), clock_.period());
  wake();
}

void RegisterStationaryArray::step() {
  const std::int64_t clock = current_clock();
  if (clock != now_) begin_clock(clock);
  deliver();
  leave();
  if (!moved_) move();
  if (moved_) {
    start_fold();
    load_row();
  }
  if (!folds_.empty()) wake_at(clock_.cycles(clock + 1));
}

void RegisterStationaryArray::begin_clock(std::int64_t clock) {
  book_clock();
  moved_before_ = moved_ && now_ == clock - 1;
  now_ = clock;
  moved_ = false;
  west_.begin_clock();
  north_.begin_clock();
  egress_.begin_clock();
}

void RegisterStationaryArray::deliver() {
  for (const bool north : {false, true}) {
    for (const IngressLanes::Entry& entry : (north ? north_ : west_).deliver(now_)) {
      listener_->run_entered(side(north), entry.block, entry.first_step, entry.delayed ? activity_ : entry.by);
    }
  }
}

void RegisterStationaryArray::leave() {
  for (const ResultTag& result : egress_.leave(now_, clock_.period())) {
    Fold& fold = find(result.block->id);
    if (--fold.to_leave > 0) continue;
    const std::int64_t id = fold.block.id;
    listener_->last_result(id, fold.last_arrival + 1 == now_ ? activity_ : egress_.opened(id).by);
  }
  while (!folds_.empty() && folds_.front().to_leave == 0) {
    if (issuing_ == &folds_.front().block) issuing_ = nullptr;
    folds_.pop_front();
    --started_;
  }
}

std::vector<OperandTag> RegisterStationaryArray::due(bool north) const {
  const std::vector<OperandTag>& entered = north ? entered_north_ : entered_west_;
  std::vector<OperandTag> tags(entered.size());
  if (!north && issuing()) tags[0] = {issuing_, next_t_, 0};
  for (int i = 1; i < static_cast<int>(tags.size()); ++i) {
    const OperandTag& neighbour = entered[static_cast<std::size_t>(i - 1)];
    if (neighbour.block == nullptr || i >= (north ? neighbour.block->n : neighbour.block->m)) continue;
    tags[static_cast<std::size_t>(i)] = {neighbour.block, neighbour.k, i};
  }
  return tags;
}

std::vector<RegisterStationaryArray::Obstacle> RegisterStationaryArray::obstacles() const {
  std::vector<Obstacle> found;
  for (const bool north : {false, true}) {
    for (const OperandTag& tag : due(north)) {
      const bool missing = tag.block != nullptr && (north ? north_ : west_).empty(tag.lane);
      if (missing) found.push_back({false, north, tag.lane, false, {}});
    }
  }
  for (int j = 0; j < geometry_.columns; ++j) {
    if (grid_.arriving(j).block != nullptr && !egress_.has_room(j)) found.push_back({true, false, j, false, {}});
  }
  return found;
}

void RegisterStationaryArray::take(bool north) {
  std::vector<OperandTag> tags = due(north);
  for (const OperandTag& tag : tags) {
    if (tag.block == nullptr) continue;
    const OperandTag token = (north ? north_ : west_).take(tag.lane);
    if (token.block != tag.block || token.k != tag.k || token.lane != tag.lane) {
      throw InternalError(fmt::format("{}: lane {} holds another token than is due", name(), tag.lane));
    }
  }
  (north ? entered_north_ : entered_west_) = std::move(tags);
}

void RegisterStationaryArray::move() {
  if (frozen_by_.empty()) {
    frozen_by_ = obstacles();
    frozen_from_ = now_;
  }
  bool frozen = false;
  for (Obstacle& obstacle : frozen_by_) {
    if (obstacle.gone) continue;
    const IngressLanes& lanes = obstacle.north ? north_ : west_;
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
  issued_before_ = entered_west_[0].block != nullptr;

  std::vector<ResultTag> arriving;
  for (int j = 0; j < geometry_.columns; ++j) {
    const ResultTag result = grid_.arriving(j);
    if (result.block != nullptr) arriving.push_back(result);
  }
  take(false);
  take(true);
  if (entered_west_[0].block != nullptr) ++next_t_;
  grid_.step(entered_west_, entered_north_);
  ++step_;
  moved_ = true;
  if (filling_ != nullptr && grid_.corner_begins(*filling_)) filling_ = nullptr;
  arrive(arriving);
}

void RegisterStationaryArray::arrive(const std::vector<ResultTag>& results) {
  draining_ = results_to_come_ > 0;
  results_to_come_ -= static_cast<std::int64_t>(results.size());
  for (const ResultTag& result : results) {
    egress_.arrive(result, now_);
    find(result.block->id).last_arrival = now_;
  }
  for (const ResultTag& result : results) {
    if (result.row == 0 && result.column == 0) listener_->first_result(result.block->id, activity_);
  }
}

void RegisterStationaryArray::start_fold() {
  if (started_ == folds_.size() || entered_west_[0].block != nullptr || issuing()) return;
  Fold& next = folds_[started_];
  if (rows_loaded_ < next.block.m || row_step_ == step_ || west_.empty(0)) return;

  const ledger::Release operands = ledger::latest({west_.release(0, clock_.period()), next.pushed_by});
  const bool held_back = !moved_before_ || issued_before_ || row_step_ == step_ - 1;
  entered_west_[0] = west_.take(0);
  if (entered_west_[0].block != &next.block || entered_west_[0].k != 0) {
    throw InternalError(fmt::format("{}: block {} finds operands of another", name(), next.block.id));
  }
  grid_.inject_west(entered_west_[0]);
  issuing_ = &next.block;
  next_t_ = 1;
  ++started_;
  rows_loaded_ = 0;
  results_to_come_ += next.to_leave;
  if (!draining_) filling_ = &next.block;
  if (filling_ != nullptr && grid_.corner_begins(*filling_)) filling_ = nullptr;
  book_start(next, operands, held_back);
}

void RegisterStationaryArray::load_row() {
  if (started_ == folds_.size() || entered_north_[0].block != nullptr) return;
  if (geometry_.stationary_buffers == 1 && (entered_west_[0].block != nullptr || issuing())) return;
  Fold& next = folds_[started_];
  if (rows_loaded_ == next.block.m || north_.empty(0)) return;
  const ledger::Release token = north_.release(0, clock_.period());
  entered_north_[0] = north_.take(0);
  if (entered_north_[0].block != &next.block || entered_north_[0].k != rows_loaded_) {
    throw InternalError(fmt::format("{}: block {} finds rows of another", name(), next.block.id));
  }
  grid_.inject_north(entered_north_[0]);
  ++rows_loaded_;
  row_step_ = step_;
  book_row(next, token);
}

}  // namespace cyclescope::compute
