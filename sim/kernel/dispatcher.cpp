#include "sim/kernel/dispatcher.h"

#include <algorithm>
#include <exception>

#include "sim/kernel/module.h"

namespace cyclescope::kernel {
namespace {

// An exception cannot cross the SystemC scheduler unchanged; the first one is parked here and rethrown by
// the function that ran the scheduler.
std::exception_ptr pending_error;

}  // namespace

void Dispatcher::rethrow_pending() {
  if (!pending_error) return;
  const std::exception_ptr error = pending_error;
  pending_error = nullptr;
  std::rethrow_exception(error);
}

Dispatcher& Dispatcher::instance() {
  static auto* const only = new Dispatcher("dispatcher");  // SystemC outlives every other static object
  return *only;
}

Dispatcher::Dispatcher(const sc_core::sc_module_name& name) : sc_module(name), instants_(1) {
  SC_METHOD(run);
  sensitive << event_;
  dont_initialize();
}

std::uint32_t Dispatcher::add_instant(Femtoseconds t) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(instants_.size());
    instants_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  instants_[index].t = t;
  due_.emplace(t, index);
  return index;
}

void Dispatcher::wake(Module& module, Femtoseconds t) {
  std::uint32_t& index = places_[place(t)];
  if (instants_[index].t != t) {
    index = add_instant(t);
    if (!dispatching_ && t < notified_) notify(t);
  }
  instants_[index].modules.push_back(&module);
}

void Dispatcher::forget(const Module& module) {
  for (Instant& instant : instants_) {
    instant.modules.erase(std::remove(instant.modules.begin(), instant.modules.end(), &module), instant.modules.end());
  }
}

void Dispatcher::notify(Femtoseconds t) {
  notified_ = t;
  event_.notify(sc_core::sc_time::from_value(static_cast<std::uint64_t>(t - now())));
}

void Dispatcher::run() {
  try {
    notified_ = kNever;
    dispatching_ = true;
    dispatch(now());
    dispatching_ = false;
    if (!due_.empty()) notify(due_.top().first);
  } catch (...) {
    pending_error = std::current_exception();
    sc_core::sc_stop();
  }
}

void Dispatcher::dispatch(Femtoseconds t) {
  while (!due_.empty() && due_.top().first == t) {
    while (!due_.empty() && due_.top().first == t) {
      Instant& instant = instants_[due_.top().second];
      stepping_.insert(stepping_.end(), instant.modules.begin(), instant.modules.end());
      instant.modules.clear();
      instant.t = kNever;
      free_.push_back(due_.top().second);
      due_.pop();
    }
    step_round();
    stepping_.clear();
  }
}

void Dispatcher::step_round() {
  constexpr std::size_t kAhead = 2;
  for (Module* module : stepping_) module->awaited_ = true;
  for (std::size_t i = 0; i < stepping_.size(); ++i) {
    if (i + kAhead < stepping_.size()) stepping_[i + kAhead]->prefetch();
    stepping_[i]->step_once();
  }
}

}  // namespace cyclescope::kernel
