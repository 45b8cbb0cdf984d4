// DRAM timing: constraint tables as data and the one engine that evaluates any of them.
//
// A table lists rows {level, preceding command, following command, clocks}: the following command to the same bank (or
// bank group, or channel) may come no earlier than so many clocks after the preceding one. A window row allows `count`
// commands per `clocks` in the channel. A technology is one function that returns a table (see lpddr5.h); the engine
// and the controller stay untouched.
// Timing: max-plus. After each command the engine raises "earliest time for command X" of the scopes it touches.
// Errors: a command issued before its time is an InternalError naming the rule. Not modelled: several ranks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cyclescope::memory {

using Tick = std::int64_t;  ///< memory clocks since t = 0
constexpr Tick kNoTick = INT64_MAX;

enum class Command : std::uint8_t { ACT, PRE, PREab, RD, WR, REFpb, REFab };
constexpr std::size_t kCommandCount = 7;

/// JEDEC-style name (`ACT`, `REFpb`).
const char* name(Command command);

enum class Level : std::uint8_t { bank, bank_group, channel };

struct TimingRule {
  Level level;
  Command preceding;
  Command following;
  Tick clocks;
  const char* parameter;  ///< JEDEC name of the expression, for messages and tests
};

/// At most `count` commands within any `clocks` clocks of the channel.
struct TimingWindow {
  Command command;
  int count;
  Tick clocks;
  const char* parameter;
};

struct ConstraintTable {
  std::vector<TimingRule> rules;
  std::vector<TimingWindow> windows;
  Tick command_slot = 1;  ///< clocks the command bus is taken by one command
};

class TimingEngine {
 public:
  /// `refresh_sets`: REFpb number s covers every bank b with b mod refresh_sets == s.
  TimingEngine(const ConstraintTable& table, int bank_groups, int banks_per_group, int refresh_sets);

  /// First clock at which `command` to `bank` breaks no rule (of one bank; see earliest_refresh).
  [[nodiscard]] Tick earliest(Command command, int bank) const {
    const auto c = static_cast<std::size_t>(command);
    const auto b = static_cast<std::size_t>(bank);
    const Tick scope = std::max(banks_[b][c], groups_[group_of_[b]][c]);
    return std::max(std::max(scope, channel_[c]), bus_free_);
  }

  /// The part of `earliest` that comes from this bank's own rules (tRCD, tRP, tRFCpb, ...).
  [[nodiscard]] Tick bank_limit(Command command, int bank) const {
    return banks_[static_cast<std::size_t>(bank)][static_cast<std::size_t>(command)];
  }

  /// First clock at which REFpb to all banks of a set breaks no rule.
  [[nodiscard]] Tick earliest_refresh(int set) const {
    Tick t = 0;
    for (auto bank = static_cast<std::size_t>(set); bank < banks_.size(); bank += refresh_sets_) {
      t = std::max(t, earliest(Command::REFpb, static_cast<int>(bank)));
    }
    return t;
  }

  /// Books a command at clock `t`; REFpb takes any bank of its set and books all of them.
  void issue(Command command, int bank, Tick t);

 private:
  using Earliest = std::array<Tick, kCommandCount + 1>;
  struct WindowState {
    TimingWindow window;
    std::vector<Tick> times;  ///< ring of the last `count` commands
    std::size_t next = 0;
  };

  void raise(const TimingRule& rule, int bank, Tick t);

  std::array<std::vector<TimingRule>, kCommandCount> after_;
  std::vector<WindowState> windows_;
  Tick command_slot_;
  std::size_t refresh_sets_;
  Tick bus_free_ = 0;
  std::vector<std::size_t> group_of_;
  std::vector<Earliest> banks_;
  std::vector<Earliest> groups_;
  Earliest channel_{};
};

}  // namespace cyclescope::memory
