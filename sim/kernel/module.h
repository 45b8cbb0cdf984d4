// What every timed model is: a module sleeps until something can happen to it (dispatcher.h steps it).
//
// Timing: `step` runs once per instant at which the module was woken (by itself or by a channel). Effects on other
// modules go through channels with at least one clock of latency, so the order of modules within an instant is free.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <systemc>

#include "sim/base/time.h"

namespace cyclescope::kernel {

class Dispatcher;

/// Sets the SystemC time resolution to 1 fs. Must be called before any module is built; calling it again is harmless.
void initialise();

/// Current simulated time.
inline Femtoseconds now() {
  static const sc_core::sc_simcontext* const context = sc_core::sc_get_curr_simcontext();  // the only one
  return static_cast<Femtoseconds>(context->time_stamp().value());
}

/// Runs until no event is pending. Throws the Error that a module threw, unchanged.
void run_until_quiescent();

/// Lets time pass until t, with whatever happens meanwhile; nothing when t is not after now. Throws as run_until_quiescent.
void advance_to(Femtoseconds t);

/// Base of every timed model. Not copyable (sc_module).
class Module : public sc_core::sc_module {
 public:
  explicit Module(const std::string& name);
  ~Module() override;

  /// Wakes the module at time t >= now. Several pending wakes are kept; equal ones merge.
  void wake_at(Femtoseconds t);

 protected:
  /// Does all that can be done at the current instant; arranges later wakes with wake_at.
  virtual void step() = 0;

 private:
  friend class Dispatcher;

  /// Steps, unless it has stepped in this round.
  void step_once();

  /// A hint that the module steps soon.
  void prefetch() const {
    constexpr std::size_t kLine = 64;
    __builtin_prefetch(this);
    const auto* own = reinterpret_cast<const char*>(&dispatcher_);
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(own + line * kLine);
  }

  static constexpr Femtoseconds kNone = -1;

  Dispatcher& dispatcher_;
  bool awaited_ = false;                             ///< it steps in the round under way
  std::array<Femtoseconds, 2> asked_{kNone, kNone};  ///< the latest wakes asked for, as far as they are still to come
};

}  // namespace cyclescope::kernel
