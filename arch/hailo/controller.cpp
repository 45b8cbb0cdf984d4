#include "arch/hailo/controller.h"

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Controller::Controller(const ChipContext& chip, Outside& outside, std::vector<Stored> sources, std::vector<int> parts,
                       Begin begin)
    : kernel::Module("controller"),
      chip_(chip),
      sources_(std::move(sources)),
      parts_(std::move(parts)),
      begin_(std::move(begin)),
      lane_(chip.ledger, "controller.0", chip.clock.period()),
      loader_(chip, outside, [this](const Release& by) { loaded(by); }) {}

void Controller::run(Femtoseconds t0, bool resident) {
  current_ = 0;
  resident_ = resident;
  controlled_ = false;
  begins_.clear();
  last_ = next_ = {ledger::kOrigin, t0, Reason::issue};
  if (!complete()) wake_at(t0);
}

void Controller::step() {
  const Femtoseconds now = kernel::now();
  if (complete() || left_ > 0 || next_.at > now) return;
  const Context& context = chip_.plan.contexts[static_cast<std::size_t>(current_)];
  if (controlled_) {
    controlled_ = false;
    if (context.config_bytes == 0) {
      loaded(next_);
    } else {
      loader_.load(sources_[static_cast<std::size_t>(current_)], context.config_bytes, next_);
    }
    return;
  }
  if (begins_.size() > static_cast<std::size_t>(current_)) return;  // being loaded
  begins_.push_back(now);
  lane_.idle_until(now);
  if (resident_ && current_ == 0) {
    loaded(next_);
    return;
  }
  const Femtoseconds end = now + chip_.clocks(chip_.clock.ceil_cycles(chip_.config.context_control));
  next_ = {chip_.ledger.record(lane_.id(), -1, Leaf::overhead_configuration, now, end, next_), end, Reason::issue};
  lane_.busy_until(end, Leaf::overhead_configuration);
  controlled_ = true;
  wake_at(end);
}

void Controller::loaded(const Release& by) {
  lane_.wait_until(by.at, by);
  left_ = parts_[static_cast<std::size_t>(current_)];
  last_ = by;
  begin_(current_, begins_.back(), by);
}

void Controller::done(const Release& by) {
  if (left_ <= 0) throw InternalError("a part of a context is done that is not at work");
  last_ = later(last_, by);
  if (--left_ > 0) return;
  const Femtoseconds now = kernel::now();
  if (++current_ == static_cast<int>(sources_.size())) return;
  lane_.idle_until(now);
  const Femtoseconds next = now + chip_.clocks(1);
  next_ = {chip_.ledger.record(lane_.id(), -1, Leaf::overhead_synchronisation, now, next, last_), next, Reason::issue};
  lane_.busy_until(next, Leaf::overhead_synchronisation);
  wake_at(next);
}

void Controller::restart(Femtoseconds t0) {
  lane_.restart(t0);
  loader_.restart(t0);
  left_ = 0;
}

void Controller::finish(Femtoseconds end) {
  lane_.finish(end);
  loader_.finish(end);
}

}  // namespace cyclescope::hailo
