#include "sim/memory/refresh.h"

#include <algorithm>

namespace cyclescope::memory {

RefreshSchedule::RefreshSchedule(const DramConfig& config)
    : per_bank_(config.refresh == RefreshMode::per_bank),
      postpone_(config.refresh_postpone),
      interval_(config.refresh_interval),
      next_due_(config.refresh == RefreshMode::off ? kNoTick : config.refresh_interval),
      masks_(static_cast<std::size_t>(config.banks.banks() / config.refresh_banks), 0) {
  const int per_rank = std::max(config.banks.banks_per_rank(), config.refresh_banks);
  const int sets_per_rank = per_rank / config.refresh_banks;
  for (int bank = 0; bank < config.banks.banks(); ++bank) {
    const int set = bank / per_rank * sets_per_rank + bank % per_rank % sets_per_rank;
    masks_[static_cast<std::size_t>(set)] |= BankMask{1} << bank;
  }
}

int RefreshSchedule::free_set(BankMask busy) const {
  for (int set = 0; set < sets(); ++set) {
    if ((round_ >> set & 1U) == 0 && (banks(set) & busy) == 0) return set;
  }
  return kNoSet;
}

void RefreshSchedule::done(int set) {
  --debt_;
  round_ |= BankMask{1} << set;
  if (__builtin_popcountll(round_) == sets()) round_ = 0;
}

}  // namespace cyclescope::memory
