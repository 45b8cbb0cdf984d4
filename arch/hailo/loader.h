// Writes the configuration of a context into the chip: weights, registers, microcode.
//
// Timing: asked for in bursts of kBurst bytes, at most kAhead of them asked for and not written, in order of address; one
// after another they are written at config_bytes per clock. Loaded when the last is.
// Causes: lane config.0: overhead.configuration while words are written, else waiting for what brings the burst.
// Actions: config, byte.
#pragma once

#include <deque>
#include <functional>

#include "arch/hailo/outside.h"
#include "arch/hailo/portal.h"

namespace cyclescope::hailo {

class Loader : public kernel::Module {
 public:
  /// Called when it is loaded, at release.at = now.
  using Loaded = std::function<void(const ledger::Release&)>;

  static constexpr std::int64_t kBurst = 4096;  ///< a page of the host: assumed
  static constexpr int kAhead = 8;              ///< covers the round trip of PCIe x4 twice: assumed

  Loader(const ChipContext& chip, Outside& outside, Loaded loaded);

  /// `bytes` > 0 lying at `source` (its address, list, place and channel), released by by.at = now.
  void load(const Stored& source, std::int64_t bytes, const ledger::Release& by);

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end) { lane_.finish(end); }

 protected:
  void step() override;

 private:
  void ask();
  [[nodiscard]] std::int64_t burst_bytes(std::int64_t burst) const;

  const ChipContext& chip_;
  Outside& outside_;
  Loaded loaded_;
  ledger::Lane lane_;
  Stored source_;
  std::int64_t bytes_ = 0;  ///< to load; 0: nothing under way
  std::int64_t asked_ = 0;  ///< bursts
  std::int64_t written_ = 0;
  std::deque<ledger::Release> came_;  ///< from written_ on; at = kNever: not here
  bool writing_ = false;
  ledger::Release free_;  ///< end of the burst being written, or of the last one
  ledger::Release room_;  ///< what let the next burst be asked for
};

}  // namespace cyclescope::hailo
