// Refresh bookkeeping of one data bus: what is due, what has been done in this round. Policy only.
//
// A refresh command covers a set of banks: all of a rank (HBM3: of all stack ids), or bank b of a rank with those that lie a whole number of
// `sets per rank` further (LPDDR5: b and b + 8).
// Timing: one command falls due every `interval` clocks; up to `postpone` may be put off, then one is forced. The sets of
// a round may come in any order (JESD209-5B), each once per round.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/memory/dram_config.h"

namespace cyclescope::memory {

class RefreshSchedule {
 public:
  explicit RefreshSchedule(const DramConfig& config);

  /// Next clock at which another command falls due; kNoTick when refresh is off.
  [[nodiscard]] Tick next_due() const { return next_due_; }
  /// Books what has fallen due up to and including t.
  void pass(Tick t) {
    while (next_due_ <= t) {
      ++debt_;
      next_due_ += interval_;
    }
  }
  [[nodiscard]] bool due() const { return debt_ > 0; }
  [[nodiscard]] bool forced() const { return debt_ >= postpone_; }
  [[nodiscard]] bool per_bank() const { return per_bank_; }
  [[nodiscard]] int sets() const { return static_cast<int>(masks_.size()); }
  [[nodiscard]] BankMask banks(int set) const { return masks_[static_cast<std::size_t>(set)]; }
  /// First set of this round whose banks are not in `busy`; kNoSet when all are.
  [[nodiscard]] int free_set(BankMask busy) const;
  /// First set of this round, for a forced refresh.
  [[nodiscard]] int next_set() const { return free_set(0); }
  /// A command was given.
  void done(int set);

  static constexpr int kNoSet = -1;

 private:
  bool per_bank_;
  int postpone_;
  Tick interval_;
  Tick next_due_;
  std::int64_t debt_ = 0;
  BankMask round_ = 0;  ///< sets done in this round
  std::vector<BankMask> masks_;
};

}  // namespace cyclescope::memory
