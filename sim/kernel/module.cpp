#include "sim/kernel/module.h"

#include <fmt/format.h>

#include "sim/kernel/dispatcher.h"

namespace cyclescope::kernel {

void initialise() {
  static const bool done = [] {
    sc_core::sc_report_handler::set_verbosity_level(sc_core::SC_NONE);
    sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
    return true;
  }();
  (void)done;
}

void run_until_quiescent() {
  sc_core::sc_start();
  Dispatcher::rethrow_pending();
}

void advance_to(Femtoseconds t) {
  const Femtoseconds current = now();
  if (t <= current) return;
  sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(t - current)));
  Dispatcher::rethrow_pending();
}

Module::Module(const std::string& name)
    : sc_core::sc_module(sc_core::sc_module_name(name.c_str())), dispatcher_(Dispatcher::instance()) {}

Module::~Module() { dispatcher_.forget(*this); }

void Module::wake_at(Femtoseconds t) {
  if (t == asked_[0] || t == asked_[1]) return;
  const Femtoseconds current = now();
  if (awaited_ && t == current) return;
  if (t < current) throw InternalError(fmt::format("{}: wake at {} fs is in the past ({} fs)", name(), t, current));
  asked_[1] = asked_[0];
  asked_[0] = t;
  dispatcher_.wake(*this, t);
}

void Module::step_once() {
  if (!awaited_) return;
  awaited_ = false;
  const Femtoseconds current = now();
  for (Femtoseconds& asked : asked_) {
    if (asked == current) asked = kNone;
  }
  step();
}

}  // namespace cyclescope::kernel

// libsystemc refers to sc_main; programs here have their own main and drive the kernel through this file.
int sc_main(int, char*[]) { return 1; }
