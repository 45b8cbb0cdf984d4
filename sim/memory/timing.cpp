#include "sim/memory/timing.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace cyclescope::memory {

const char* name(Command command) {
  constexpr std::array<const char*, kCommandCount> kNames = {"ACT", "PRE", "PREab", "RD", "WR", "REFpb", "REFab"};
  return kNames[static_cast<std::size_t>(command)];
}

TimingEngine::TimingEngine(const ConstraintTable& table, const BankGeometry& geometry, CommandBuses& buses)
    : forms_(table.forms), buses_(&buses), rank_count_(static_cast<std::size_t>(geometry.ranks)) {
  for (const TimingRule& rule : table.rules) {
    Followers& after = after_[static_cast<std::size_t>(rule.preceding)];
    std::vector<Step>& steps = rule.level == Level::bank         ? after.bank
                               : rule.level == Level::bank_group ? after.group
                               : rule.level == Level::rank       ? after.rank
                                                                 : after.other_rank;
    steps.push_back({static_cast<std::size_t>(rule.following), rule.clocks});
  }
  for (const TimingWindow& window : table.windows) {
    const std::vector<Tick> past(static_cast<std::size_t>(window.count), -window.clocks);
    const std::size_t rings = window.all_ranks ? 1 : rank_count_;
    windows_.push_back({window, std::vector<std::vector<Tick>>(rings, past), std::vector<std::size_t>(rings, 0)});
  }
  for (int bank = 0; bank < geometry.banks(); ++bank) {
    places_[static_cast<std::size_t>(bank)] = {static_cast<std::uint8_t>(bank / geometry.banks_per_group),
                                               static_cast<std::uint8_t>(bank / geometry.banks_per_rank())};
  }
}

void TimingEngine::require_allowed(Command command, int bank, Tick t, Tick allowed) const {
  if (t >= allowed && t % forms_[static_cast<std::size_t>(command)].alignment == 0) return;
  throw InternalError(fmt::format("DRAM {} to bank {} at clock {}, allowed from {}", name(command), bank, t, allowed));
}

void TimingEngine::issue(Command command, int bank, Tick t) {
  require_allowed(command, bank, t, earliest(command, bank));
  raise(banks_[static_cast<std::size_t>(bank)], after_[static_cast<std::size_t>(command)].bank, t);
  book_scopes(command, bank, t);
}

void TimingEngine::auto_precharge(int bank) {
  const auto b = static_cast<std::size_t>(bank);
  const Followers& after = after_[static_cast<std::size_t>(Command::PRE)];
  const Tick t = banks_[b][static_cast<std::size_t>(Command::PRE)];
  raise(banks_[b], after.bank, t);
  for (std::size_t rank = 0; rank < rank_count_; ++rank) {
    for (const Step& step : rank == places_[b].rank ? after.rank : after.other_rank) {
      // A precharge of its own need not be spaced from others; refreshes wait for it.
      if (step.following != static_cast<std::size_t>(Command::REFab)) continue;
      ranks_[rank][step.following] = std::max(ranks_[rank][step.following], t + step.clocks);
    }
  }
}

void TimingEngine::issue_refresh(BankMask set, Tick t) {
  require_allowed(Command::REFpb, lowest_bank(set), t, earliest_refresh(set));
  const std::vector<Step>& steps = after_[static_cast<std::size_t>(Command::REFpb)].bank;
  for (BankMask bits = set; bits != 0; bits &= bits - 1) {
    raise(banks_[static_cast<std::size_t>(lowest_bank(bits))], steps, t);
  }
  book_scopes(Command::REFpb, lowest_bank(set), t);
}

void TimingEngine::book_scopes(Command command, int bank, Tick t) {
  const Followers& after = after_[static_cast<std::size_t>(command)];
  const CommandForm& form = forms_[static_cast<std::size_t>(command)];
  const Place& place = places_[static_cast<std::size_t>(bank)];
  buses_->free[static_cast<std::size_t>(form.bus)] = t + form.slot;
  raise(groups_[place.group], after.group, t);
  raise(ranks_[place.rank], after.rank, t);
  if (!after.other_rank.empty()) {
    for (std::size_t rank = 0; rank < rank_count_; ++rank) {
      if (rank != place.rank) raise(ranks_[rank], after.other_rank, t);
    }
  }
  for (WindowState& state : windows_) {
    if (state.window.command != command) continue;
    const std::size_t ring = state.window.all_ranks ? 0 : place.rank;
    std::vector<Tick>& times = state.times[ring];
    std::size_t& next = state.next[ring];
    times[next] = t;
    next = (next + 1) % times.size();
    for (std::size_t rank = 0; rank < rank_count_; ++rank) {
      if (!state.window.all_ranks && rank != place.rank) continue;
      Tick& earliest = ranks_[rank][static_cast<std::size_t>(command)];
      earliest = std::max(earliest, times[next] + state.window.clocks);
    }
  }
}

}  // namespace cyclescope::memory
