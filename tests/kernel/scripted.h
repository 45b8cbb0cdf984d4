// A module that does what a test wrote down, and remembers when it was woken.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/module.h"

namespace cyclescope::kernel::test {

class Scripted : public Module {
 public:
  explicit Scripted(const std::string& name) : Module(name) {}

  using Module::wake_at;

  /// Does `action` at time t, and wakes itself for it.
  void at(Femtoseconds t, std::function<void()> action) {
    plan_[t] = std::move(action);
    wake_at(t);
  }

  /// Does `action` in every step, after what is planned for the instant.
  std::function<void()> always;
  std::vector<Femtoseconds> steps;  ///< instants of the steps so far

 protected:
  void step() override {
    steps.push_back(now());
    const auto planned = plan_.find(now());
    if (planned != plan_.end()) {
      const std::function<void()> action = std::move(planned->second);
      plan_.erase(planned);
      action();
    }
    if (always) always();
  }

 private:
  std::map<Femtoseconds, std::function<void()>> plan_;
};

using Instants = std::vector<Femtoseconds>;

}  // namespace cyclescope::kernel::test
