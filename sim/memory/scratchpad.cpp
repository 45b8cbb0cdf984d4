#include "sim/memory/scratchpad.h"

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::memory {

Scratchpad::Scratchpad(int banks, BankPorts ports) : banks_(banks), ports_(ports) {
  if (banks <= 0) throw InternalError("scratchpad without banks");
  phases_.resize(static_cast<std::size_t>(banks) * (ports == BankPorts::one_r_one_w ? 2 : 1));
}

std::vector<Scratchpad::Transfer>& Scratchpad::phase(int first_bank, std::int64_t clock, Access access) {
  const std::int64_t offset = (first_bank - clock % banks_ + banks_) % banks_;
  const bool second = ports_ == BankPorts::one_r_one_w && access == Access::write;
  return phases_[static_cast<std::size_t>(offset + (second ? banks_ : 0))];
}

Grant Scratchpad::reserve(std::int64_t now, int first_bank, std::int64_t lines, Access access) {
  if (now < now_) throw InternalError("scratchpad asked for a clock that has passed");
  if (first_bank < 0 || first_bank >= banks_ || lines <= 0) throw InternalError("scratchpad transfer out of range");
  now_ = now;
  Grant grant;
  grant.ticket = next_ticket_++;
  for (std::int64_t clock = now;; ++clock) {
    std::vector<Transfer>& others = phase(first_bank, clock, access);
    const auto over = [&](const Transfer& transfer) { return transfer.to <= now; };
    others.erase(std::remove_if(others.begin(), others.end(), over), others.end());
    const auto collides = [&](const Transfer& other) { return other.from < clock + lines && clock < other.to; };
    const auto blocker = std::find_if(others.begin(), others.end(), collides);
    if (blocker == others.end()) {
      grant.start = clock;
      others.push_back({clock, clock + lines, grant.ticket, ledger::kOrigin});
      break;
    }
    grant.waited = true;
    grant.blocker = blocker->activity;
  }
  lines_[access == Access::read ? 0 : 1] += lines;
  return grant;
}

void Scratchpad::attach(const Grant& grant, ledger::ActivityId activity) {
  for (std::vector<Transfer>& transfers : phases_) {
    for (Transfer& transfer : transfers) {
      if (transfer.ticket == grant.ticket) transfer.activity = activity;
    }
  }
}

}  // namespace cyclescope::memory
