// DRAM timing: constraint tables as data and the one engine that evaluates any of them.
//
// A table lists rows {level, preceding command, following command, clocks}: the following command to the same bank (bank
// group, rank, another rank of the same data bus) may come no earlier than so many clocks after the preceding one. A
// window row allows `count` commands per `clocks` in a rank. Every command has a form: how long it takes which command
// bus, and on which clocks it may begin. A technology is one function that returns a table (technology.h); the engine
// and the controller stay untouched.
// Timing: max-plus. After each command the engine raises "earliest time for command X" of the scopes it touches. A
// command's time is its first clock.
// Errors: a command issued before its time is an InternalError naming the command and the clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cyclescope::memory {

using Tick = std::int64_t;  ///< command slots since t = 0: memory clocks, half clocks where the technology has them
constexpr Tick kNoTick = INT64_MAX;

using BankMask = std::uint64_t;
constexpr std::size_t kMaxBanks = 64;  ///< of one data bus, over all its ranks
constexpr std::size_t kMaxRanks = 4;

/// Index of the lowest set bit: banks of a mask are visited with `for (m = mask; m != 0; m &= m - 1)`.
inline int lowest_bank(BankMask mask) { return __builtin_ctzll(mask); }

enum class Command : std::uint8_t { ACT, PRE, PREab, RD, WR, REFpb, REFab };
constexpr std::size_t kCommandCount = 7;

/// JEDEC-style name (`ACT`, `REFpb`).
const char* name(Command command);

/// Which banks a rule reaches, seen from the bank of the preceding command.
enum class Level : std::uint8_t { bank, bank_group, rank, other_rank };

struct TimingRule {
  Level level;
  Command preceding;
  Command following;
  Tick clocks;
  const char* parameter;  ///< JEDEC name of the expression, for messages and tests
};

/// At most `count` commands within any `clocks` clocks of a rank, or of all ranks of the data bus together.
struct TimingWindow {
  Command command;
  int count;
  Tick clocks;
  const char* parameter;
  bool all_ranks = false;
};

enum class Bus : std::uint8_t { row, column };

/// How a command is transmitted.
struct CommandForm {
  Tick slot = 1;       ///< clocks it takes the bus
  Tick alignment = 1;  ///< it begins on multiples of this, a power of two
  Bus bus = Bus::row;  ///< technologies with one command bus use `row` for all
};

struct ConstraintTable {
  std::vector<TimingRule> rules;
  std::vector<TimingWindow> windows;
  std::array<CommandForm, kCommandCount> forms{};
};

/// The command buses of one channel, shared by its pseudo-channels.
struct CommandBuses {
  std::array<Tick, 2> free{};  ///< first clock at which each is free
};

/// Banks behind one data bus.
struct BankGeometry {
  int ranks = 1;
  int bank_groups = 1;  ///< per rank
  int banks_per_group = 1;
  [[nodiscard]] int banks_per_rank() const { return bank_groups * banks_per_group; }
  [[nodiscard]] int banks() const { return ranks * banks_per_rank(); }
};

class TimingEngine {
 public:
  TimingEngine(const ConstraintTable& table, const BankGeometry& geometry, CommandBuses& buses);

  /// First clock at which `command` to `bank` (PREab, REFab: to its rank) breaks no rule.
  [[nodiscard]] Tick earliest(Command command, int bank) const {
    const auto c = static_cast<std::size_t>(command);
    const Place& place = places_[static_cast<std::size_t>(bank)];
    const Tick device =
        std::max(std::max(banks_[static_cast<std::size_t>(bank)][c], groups_[place.group][c]), ranks_[place.rank][c]);
    const CommandForm& form = forms_[c];
    return align(std::max(device, buses_->free[static_cast<std::size_t>(form.bus)]), form);
  }

  /// No bank can take the command before this clock.
  [[nodiscard]] Tick earliest_anywhere(Command command) const {
    const auto c = static_cast<std::size_t>(command);
    Tick rank = ranks_[0][c];
    for (std::size_t i = 1; i < rank_count_; ++i) rank = std::min(rank, ranks_[i][c]);
    return std::max(rank, buses_->free[static_cast<std::size_t>(forms_[c].bus)]);
  }

  /// The part of `earliest` that comes from this bank's own rules (tRCD, tRP, tRFCpb, ...).
  [[nodiscard]] Tick bank_limit(Command command, int bank) const {
    return align(banks_[static_cast<std::size_t>(bank)][static_cast<std::size_t>(command)],
                 forms_[static_cast<std::size_t>(command)]);
  }

  /// First clock at which REFpb to all banks of a set breaks no rule.
  [[nodiscard]] Tick earliest_refresh(BankMask set) const {
    Tick t = 0;
    for (; set != 0; set &= set - 1) t = std::max(t, earliest(Command::REFpb, lowest_bank(set)));
    return t;
  }

  /// First clock from t on at which the command may begin by its form.
  [[nodiscard]] Tick aligned(Command command, Tick t) const {
    return align(t, forms_[static_cast<std::size_t>(command)]);
  }

  /// Books a command at clock `t`.
  void issue(Command command, int bank, Tick t);
  /// Books the precharge that ends a column command with auto-precharge just issued to `bank`: it takes no command bus
  /// and begins as soon as the bank allows.
  void auto_precharge(int bank);
  /// Books one REFpb to all banks of a set, which lie in one rank.
  void issue_refresh(BankMask set, Tick t);

 private:
  using Earliest = std::array<Tick, 8>;  ///< by command; one cache line
  struct Place {
    std::uint8_t group = 0;
    std::uint8_t rank = 0;
  };
  struct Step {
    std::size_t following;
    Tick clocks;
  };
  struct Followers {
    std::vector<Step> bank, group, rank, other_rank;
  };
  struct WindowState {
    TimingWindow window;
    std::vector<std::vector<Tick>> times;  ///< per rank or of all, ring of the last `count` commands
    std::vector<std::size_t> next;
  };

  static Tick align(Tick t, const CommandForm& form) { return (t + form.alignment - 1) & -form.alignment; }
  static void raise(Earliest& scope, const std::vector<Step>& steps, Tick t) {
    for (const Step& step : steps) scope[step.following] = std::max(scope[step.following], t + step.clocks);
  }
  void require_allowed(Command command, int bank, Tick t, Tick allowed) const;
  void book_scopes(Command command, int bank, Tick t);

  std::array<CommandForm, kCommandCount> forms_;
  std::array<Followers, kCommandCount> after_;
  std::vector<WindowState> windows_;
  CommandBuses* buses_;
  std::size_t rank_count_;
  std::array<Place, kMaxBanks> places_{};
  std::array<Earliest, kMaxBanks> banks_{};
  std::array<Earliest, kMaxBanks> groups_{};  ///< at most as many as banks
  std::array<Earliest, kMaxRanks> ranks_{};
};

}  // namespace cyclescope::memory
