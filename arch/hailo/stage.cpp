#include "arch/hailo/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

LayerStage::LayerStage(const ChipContext& chip, int index, Ring& ring, Done done)
    : kernel::Module(fmt::format("stage_{}", index)),
      chip_(chip),
      layer_(chip.network.layers[static_cast<std::size_t>(index)]),
      stage_(chip.plan.stages[static_cast<std::size_t>(index)]),
      index_(index),
      lane_(chip.ledger, fmt::format("stage.{}", index), chip.clock.period(),
            stage_.subclusters * chip.config.macs * chip.use.rate),
      output_(chip, ring, stage_.shares, layer_.row_bytes, index, index, lane_.id()),
      done_(std::move(done)),
      slots_per_clock_(stage_.subclusters * chip.config.macs * chip.use.rate) {
  for (std::size_t i = 0; i < layer_.inputs.size(); ++i) {
    inputs_.push_back(std::make_unique<Edge>(chip, *this, stage_.buffers[i].capacity, index));
  }
}

void LayerStage::restart(Femtoseconds t0) {
  lane_.restart(t0);
  frames_ = nullptr;
  row_ = 0;
  running_ = reported_ = false;
  first_start_ = last_end_ = t0;
}

void LayerStage::begin(Femtoseconds context, const Release& by, const Frames& frames) {
  frames_ = &frames;
  lane_.idle_until(context);
  lane_.busy_until(by.at, Leaf::waiting_weights);
  own_ = {by.by, by.at, Reason::issue};
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i]->restart(by);
    inputs_[i]->release_below(layer_.inputs[i].map.first(0), by);
  }
  wake_at(by.at);
}

void LayerStage::step() {
  if (frames_ == nullptr) return;
  for (const auto& edge : inputs_) edge->collect();
  if (running_) {
    if (own_.at > kernel::now()) return;  // woken then
    end_row();
  }
  if (!start_row()) report_done();
}

void LayerStage::end_row() {
  running_ = false;
  const std::int64_t frame = row_ / layer_.rows;
  const std::int64_t next = row_ % layer_.rows;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const RowMap& map = layer_.inputs[i].map;
    inputs_[i]->release_below(frame * map.rows + map.first(next), {own_.by, own_.at, Reason::credit});
  }
}

void LayerStage::report_done() {
  if (running_ || reported_ || row_ < frames_->wanted * layer_.rows) return;
  Release end = own_;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i]->freed() < frames_->wanted * layer_.inputs[i].map.rows) return;  // woken by what is still to come
    if (inputs_[i]->last_freed().at > end.at) end = inputs_[i]->last_freed();
  }
  reported_ = true;
  done_(end);
}

bool LayerStage::ready(Release& release) const {
  if (row_ >= frames_->wanted * layer_.rows) return false;
  const std::int64_t frame = row_ / layer_.rows;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const RowMap& map = layer_.inputs[i].map;
    const Release* data = inputs_[i]->row(frame * map.rows + map.last(row_ % layer_.rows));
    if (data == nullptr) return false;
    release = later(release, *data);
  }
  return output_.credits(release);
}

bool LayerStage::start_row() {
  const Femtoseconds now = kernel::now();
  const bool crosses = row_ > 0 && row_ % layer_.rows == 0;
  const Femtoseconds gap = chip_.clocks(crosses ? chip_.config.frame_overhead : 0);
  Release release{own_.by, own_.at, Reason::issue};
  if (!ready(release)) return false;  // woken by a row or a credit
  if (own_.at + gap > now) {
    wake_at(own_.at + gap);
    return true;
  }
  if (gap > 0) {
    const ledger::ActivityId between =
        chip_.ledger.record(lane_.id(), index_, Leaf::structural_issue, own_.at, own_.at + gap, own_);
    lane_.busy_until(own_.at + gap, Leaf::structural_issue);
    chip_.ledger.post_slots(lane_.id(), Leaf::structural_issue, chip_.config.frame_overhead * slots_per_clock_);
    own_ = {between, own_.at + gap, Reason::issue};
    release = own_;
    ready(release);
  }
  lane_.wait_until(now, release);
  const Leaf leaf = layer_.kind == LayerKind::mac ? Leaf::useful_mac : Leaf::useful_vector;
  const Femtoseconds set_up = now + chip_.clocks(chip_.config.row_overhead);
  const Femtoseconds worked = set_up + chip_.clocks(stage_.work_clocks);
  const Femtoseconds end = now + chip_.clocks(stage_.row_clocks);
  if (set_up > now) {
    release = {chip_.ledger.record(lane_.id(), index_, Leaf::structural_issue, now, set_up, release), set_up,
               Reason::issue};
    lane_.busy_until(set_up, Leaf::structural_issue);
  }
  ledger::ActivityId work = chip_.ledger.record(lane_.id(), index_, leaf, set_up, worked, release);
  lane_.busy_until(worked, leaf);
  if (end > worked) {
    work = chip_.ledger.record(lane_.id(), index_, Leaf::structural_drain, worked, end, {work, worked, Reason::issue});
    lane_.busy_until(end, Leaf::structural_drain);
  }
  if (row_ == 0) first_start_ = now;
  last_end_ = end;
  own_ = {work, end, Reason::issue};
  count_row(row_ % layer_.rows);
  Release leaves{work, end, Reason::data};
  if (chip_.config.pipe_latency > 0) {
    const Femtoseconds left = end + chip_.clocks(chip_.config.pipe_latency);
    leaves = {chip_.ledger.record(lane_.id(), index_, Leaf::structural_drain, end, left, leaves), left, Reason::data};
  }
  output_.take();
  output_.send(row_, leaves);
  ++row_;
  running_ = true;
  wake_at(end);
  return true;
}

void LayerStage::count_row(std::int64_t row) {
  ledger::Ledger& ledger = chip_.ledger;
  const Actions& actions = chip_.actions;
  constexpr std::int64_t kQuarterMacs = 4;
  const auto upto = [&](std::int64_t rows) {
    return checked_narrow(static_cast<Int128>(layer_.macs) * rows / layer_.rows);
  };
  const std::int64_t set_up = chip_.config.row_overhead;
  const std::int64_t slots = stage_.work_clocks * slots_per_clock_;
  ledger.post_slots(lane_.id(), Leaf::structural_drain,
                    (stage_.row_clocks - set_up - stage_.work_clocks) * slots_per_clock_);
  ledger.post_slots(lane_.id(), Leaf::structural_issue, set_up * slots_per_clock_);
  if (layer_.kind == LayerKind::mac) {
    const std::int64_t macs = upto(row + 1) - upto(row);
    ledger.post_slots(lane_.id(), Leaf::useful_mac, kQuarterMacs * macs);
    ledger.post_slots(lane_.id(), Leaf::structural_padding, slots - kQuarterMacs * macs);
    ledger.count(actions.mac, macs, index_);
  } else {
    ledger.post_slots(lane_.id(), Leaf::useful_vector, slots);
  }
  ledger.count(actions.control, 1, index_);
  ledger.count(actions.apu, layer_.row_elements, index_);
  ledger.count(actions.l2, layer_.weight_bytes + layer_.row_bytes, index_);
  std::int64_t read = 0;
  for (const LayerInput& input : layer_.inputs) {
    read += (input.map.last(row) - input.map.first(row) + 1) * input.row_bytes;
  }
  ledger.count(actions.l3, read, index_);
  ledger.count(actions.aligner, read, index_);
}

}  // namespace cyclescope::hailo
