// Which modules step next: the one SystemC process of all modules, and their wakes by instant.
//
// Timing: at each instant with wakes the process runs once and steps every module woken for it, in the order of the
// wakes. A module that is woken for the present instant while others step, steps in a further round of that instant.
// SystemC sees one event per instant, whatever the number of modules.
// Errors: what a step throws ends the simulation; rethrow_pending throws it to whoever ran the scheduler.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <systemc>
#include <utility>
#include <vector>

#include "sim/base/time.h"

namespace cyclescope::kernel {

class Module;

class Dispatcher : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Dispatcher);

  /// The only one; made together with the first module and never destroyed.
  static Dispatcher& instance();

  /// The module steps at time t >= now.
  void wake(Module& module, Femtoseconds t);

  /// Forgets the wakes of a module that goes.
  void forget(const Module& module);

  /// Throws, once, what a step has thrown.
  static void rethrow_pending();

 private:
  /// Modules to step at one instant. Several entries may stand for the same instant: they are taken together.
  struct Instant {
    Femtoseconds t = kNever;
    std::vector<Module*> modules;
  };
  using Due = std::pair<Femtoseconds, std::uint32_t>;  ///< an instant and its place

  explicit Dispatcher(const sc_core::sc_module_name& name);
  void run();
  void dispatch(Femtoseconds t);
  void step_round();
  std::uint32_t add_instant(Femtoseconds t);
  void notify(Femtoseconds t);

  /// Where an instant is looked for among kPlaces: neighbouring clocks go to places far apart.
  [[nodiscard]] static std::size_t place(Femtoseconds t) {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(t) * 0x9e3779b97f4a7c15U >> 54U);
  }
  static constexpr std::size_t kPlaces = 1024;

  sc_core::sc_event event_;
  Femtoseconds notified_ = kNever;  ///< instant for which the event is notified
  bool dispatching_ = false;
  std::array<std::uint32_t, kPlaces> places_{};  ///< [place] the latest instant made there
  std::vector<Instant> instants_;
  std::vector<std::uint32_t> free_;  ///< of these
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Module*> stepping_;  ///< the round under way
};

}  // namespace cyclescope::kernel
