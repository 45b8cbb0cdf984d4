#include "arch/kpu/sequencer.h"

#include <algorithm>

namespace cyclescope::kpu {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

void Sequencer::schedule_frame(Femtoseconds t0) {
  op_ = -1;
  last_done_ = -1;
  tiles_left_ = 0;
  spans_.assign(chip_.program.ops.size(), {});
  state_ = State::starting;
  next_at_ = t0;
  release_ = {ledger::kOrigin, t0, Reason::issue};
  wake_at(t0);
}

std::string Sequencer::where() const {
  if (op_ < 0 || op_ >= static_cast<std::int32_t>(chip_.program.ops.size())) return "no operator is running";
  return "operator '" + chip_.program.ops[static_cast<std::size_t>(op_)].name + "', " + std::to_string(tiles_left_) +
         " tiles have not finished";
}

void Sequencer::advance(const Release& release) {
  ++op_;
  while (op_ < static_cast<std::int32_t>(chip_.program.ops.size()) &&
         chip_.program.ops[static_cast<std::size_t>(op_)].kind == OpKind::view) {
    spans_[static_cast<std::size_t>(op_)] = {release.at, release.at};
    announce(release);
    ++op_;
  }
  if (op_ == static_cast<std::int32_t>(chip_.program.ops.size())) {
    state_ = State::idle;
    finished_ = release;
    handed_over_({last_done_, release.at, release.at, release.at, release.at});
    return;
  }
  launch(release);
}

void Sequencer::announce(const Release& done) {
  const Femtoseconds heard = done.at + chip_.clocks(chip_.config.signal_latency);
  std::int32_t worked = op_;  // a view takes no time: its signal is that of the operator before
  while (worked >= 0 && chip_.program.ops[static_cast<std::size_t>(worked)].kind == OpKind::view) --worked;
  const ledger::ActivityId signal =
      chip_.ledger.record(lane_.id(), worked, Leaf::overhead_synchronisation, done.at, heard, done);
  completed_(op_, {signal, heard, Reason::credit});
}

bool Sequencer::program_cached(const std::string& program) {
  const auto found = std::find(programs_.begin(), programs_.end(), program);
  const bool hit = found != programs_.end();
  if (hit) programs_.erase(found);
  programs_.push_front(program);
  if (programs_.size() > static_cast<std::size_t>(chip_.config.program_cache)) programs_.pop_back();
  return hit;
}

void Sequencer::launch(const Release& release) {
  const LoweredOp& op = chip_.program.ops[static_cast<std::size_t>(op_)];
  const KpuConfig& c = chip_.config;
  Femtoseconds at = release.at;
  handover_ = {last_done_, at, at, at, at};
  spans_[static_cast<std::size_t>(op_)].start = at;
  lane_.wait_until(at, release);
  ledger::ActivityId by =
      chip_.ledger.record(lane_.id(), op_, Leaf::overhead_launch, at, at + chip_.clocks(c.launch_cycles), release);
  at += chip_.clocks(c.launch_cycles);
  lane_.busy_until(at, Leaf::overhead_launch);
  handover_.launched = at;
  if (!program_cached(op.program)) {
    const Femtoseconds loaded = at + chip_.clocks(c.rows + c.columns - 1 + ceil_div(c.program_bytes, c.flit_bytes));
    by = chip_.ledger.record(lane_.id(), op_, Leaf::overhead_configuration, at, loaded, {by, at, Reason::data});
    lane_.busy_until(loaded, Leaf::overhead_configuration);
    chip_.ledger.count(chip_.actions.program_load, op.tiles(), op_);
    at = loaded;
  }
  const Femtoseconds arrived = at + chip_.clocks(c.signal_latency);
  const ledger::ActivityId signal =
      chip_.ledger.record(lane_.id(), op_, Leaf::overhead_synchronisation, at, arrived, {by, at, Reason::issue});
  handover_.configured = at;
  handover_.arrived = arrived;
  tiles_left_ = op.tiles();
  release_ = {signal, arrived, Reason::issue};
  last_site_ = -1;
  next_at_ = arrived;
  state_ = State::signalling;
  wake_at(arrived);
}

void Sequencer::tile_done(int site, std::int32_t op, const Release& release) {
  if (op != op_ || tiles_left_ == 0) throw InternalError("a tile reported an operator that is not running");
  const Femtoseconds arrived = release.at + chip_.clocks(chip_.config.signal_latency);
  const ledger::ActivityId signal =
      chip_.ledger.record(lane_.id(), op, Leaf::overhead_synchronisation, release.at, arrived, release);
  const Release done{signal, arrived, Reason::data};
  // Reports of one instant come in no order of their own.
  if (last_site_ < 0 || done.at > release_.at || (done.at == release_.at && site < last_site_)) {
    release_ = done;
    last_site_ = site;
  }
  next_at_ = std::max(next_at_, arrived);
  if (--tiles_left_ == 0) wake_at(std::max(next_at_, kernel::now()));
}

void Sequencer::step() {
  if (kernel::now() < next_at_) return;
  if (state_ == State::starting) {
    advance(release_);
    return;
  }
  if (state_ == State::signalling) {
    state_ = State::running;
    handed_over_(handover_);
    last_done_ = op_;
    for (const std::int32_t site : chip_.program.ops[static_cast<std::size_t>(op_)].sites) {
      launch_tile_(site, {op_, release_});
    }
    return;
  }
  if (state_ == State::running && tiles_left_ == 0) {
    const Release done = release_;
    spans_[static_cast<std::size_t>(op_)].end = done.at;
    announce(done);
    advance(done);
  }
}

}  // namespace cyclescope::kpu
