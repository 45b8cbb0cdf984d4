#include "sim/memory/refresh.h"

namespace cyclescope::memory {

RefreshSchedule::RefreshSchedule(const DramConfig& config)
    : per_bank_(config.refresh == RefreshMode::per_bank),
      sets_(config.banks() / config.refresh_banks),
      postpone_(config.refresh_postpone),
      interval_(config.refresh_interval),
      next_due_(config.refresh == RefreshMode::off ? kNoTick : config.refresh_interval),
      masks_(static_cast<std::size_t>(sets_), 0) {
  for (int bank = 0; bank < config.banks(); ++bank) masks_[static_cast<std::size_t>(bank % sets_)] |= 1U << bank;
}

int RefreshSchedule::free_set(std::uint32_t busy) const {
  for (int set = 0; set < sets_; ++set) {
    if ((round_ >> set & 1U) == 0 && (banks(set) & busy) == 0) return set;
  }
  return kNoSet;
}

void RefreshSchedule::done(int set) {
  --debt_;
  if (!per_bank_) return;
  round_ |= 1U << set;
  if (round_ == (sets_ == 32 ? ~0U : (1U << sets_) - 1U)) round_ = 0;
}

}  // namespace cyclescope::memory
