#include "sim/memory/timing.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace cyclescope::memory {

const char* name(Command command) {
  constexpr std::array<const char*, kCommandCount> kNames = {"ACT", "PRE", "PREab", "RD", "WR", "REFpb", "REFab"};
  return kNames[static_cast<std::size_t>(command)];
}

TimingEngine::TimingEngine(const ConstraintTable& table, int bank_groups, int banks_per_group, int refresh_sets)
    : command_slot_(table.command_slot),
      refresh_sets_(static_cast<std::size_t>(refresh_sets)),
      banks_(static_cast<std::size_t>(bank_groups * banks_per_group), Earliest{}),
      groups_(static_cast<std::size_t>(bank_groups), Earliest{}) {
  for (const TimingRule& rule : table.rules) after_[static_cast<std::size_t>(rule.preceding)].push_back(rule);
  for (const TimingWindow& window : table.windows) {
    windows_.push_back({window, std::vector<Tick>(static_cast<std::size_t>(window.count), -window.clocks), 0});
  }
  for (int bank = 0; bank < bank_groups * banks_per_group; ++bank) {
    group_of_.push_back(static_cast<std::size_t>(bank / banks_per_group));
  }
}

void TimingEngine::issue(Command command, int bank, Tick t) {
  const auto set = static_cast<std::size_t>(bank) % refresh_sets_;
  const bool refresh = command == Command::REFpb;
  const Tick allowed = refresh ? earliest_refresh(static_cast<int>(set)) : earliest(command, bank);
  if (t < allowed) {
    throw InternalError(
        fmt::format("DRAM {} to bank {} at clock {}, allowed from {}", name(command), bank, t, allowed));
  }
  bus_free_ = t + command_slot_;
  const std::size_t first = refresh ? set : static_cast<std::size_t>(bank);
  for (std::size_t b = first; b < banks_.size(); b += refresh_sets_) {
    for (const TimingRule& rule : after_[static_cast<std::size_t>(command)]) raise(rule, static_cast<int>(b), t);
    if (!refresh) break;
  }
  for (WindowState& state : windows_) {
    if (state.window.command != command) continue;
    state.times[state.next] = t;
    state.next = (state.next + 1) % state.times.size();
    Tick& limit = channel_[static_cast<std::size_t>(command)];
    limit = std::max(limit, state.times[state.next] + state.window.clocks);
  }
}

void TimingEngine::raise(const TimingRule& rule, int bank, Tick t) {
  const auto b = static_cast<std::size_t>(bank);
  const auto following = static_cast<std::size_t>(rule.following);
  Earliest& scope = rule.level == Level::bank         ? banks_[b]
                    : rule.level == Level::bank_group ? groups_[group_of_[b]]
                                                      : channel_;
  scope[following] = std::max(scope[following], t + rule.clocks);
}

}  // namespace cyclescope::memory
