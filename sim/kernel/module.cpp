#include "sim/kernel/module.h"

#include <fmt/format.h>

#include <exception>

namespace cyclescope::kernel {
namespace {

// An exception cannot cross the SystemC scheduler unchanged; the first one is parked here and rethrown by
// the function that ran the scheduler.
std::exception_ptr pending_error;

void rethrow_pending() {
  if (!pending_error) return;
  const std::exception_ptr error = pending_error;
  pending_error = nullptr;
  std::rethrow_exception(error);
}

}  // namespace

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
  rethrow_pending();
}

void advance_to(Femtoseconds t) {
  const Femtoseconds current = now();
  if (t <= current) return;
  sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(t - current)));
  rethrow_pending();
}

Module::Module(const std::string& name) : sc_core::sc_module(sc_core::sc_module_name(name.c_str())) {
  // SC_METHOD with a name of its own: the module's name has left the object hierarchy when this body runs.
  const std::string process = name + "_step";
  declare_method_process(run_handle, process.c_str(), Module, run);
  sensitive << event_;
  dont_initialize();
}

void Module::wake_at(Femtoseconds t) {
  const Femtoseconds current = now();
  if (t < current) throw InternalError(fmt::format("{}: wake at {} fs is in the past ({} fs)", name(), t, current));
  if (!pending_.empty() && pending_.top() == t) return;
  if (pending_.empty() || t < pending_.top()) {
    event_.notify(sc_core::sc_time::from_value(static_cast<std::uint64_t>(t - current)));
  }
  pending_.push(t);
}

void Module::run() {
  try {
    const Femtoseconds current = now();
    while (!pending_.empty() && pending_.top() <= current) pending_.pop();
    step();
    if (!pending_.empty()) {
      event_.notify(sc_core::sc_time::from_value(static_cast<std::uint64_t>(pending_.top() - current)));
    }
  } catch (...) {
    if (pending_error) return;
    pending_error = std::current_exception();
    sc_core::sc_stop();
  }
}

}  // namespace cyclescope::kernel

// libsystemc refers to sc_main; programs here have their own main and drive the kernel through this file.
int sc_main(int, char*[]) { return 1; }
