// The controller of the chip: its contexts, one after another.
//
// Timing: of each context the control CPU first takes context_control, then the loader writes the configuration
// (loader.h); then its stages and portals begin, at that instant. When all of them are done the next context follows one
// clock later. A context that is on chip already begins at once.
// Causes: lane controller.0: overhead.configuration for control; waiting for the loader; idle while frames stream; on the
// path overhead.synchronisation for the clock between contexts.
#pragma once

#include <functional>
#include <vector>

#include "arch/hailo/loader.h"

namespace cyclescope::hailo {

class Controller : public kernel::Module {
 public:
  /// Context `index`, which began at `since`, is configured: by = now.
  using Begin = std::function<void(int index, Femtoseconds since, const ledger::Release& by)>;

  /// `sources`: where each context's configuration lies; `parts`: stages and portals of each.
  Controller(const ChipContext& chip, Outside& outside, std::vector<Stored> sources, std::vector<int> parts,
             Begin begin);

  /// Starts an inference at t0 >= now, on a clock edge. `resident`: the first context is on chip.
  void run(Femtoseconds t0, bool resident);
  /// A part of the context at work is done.
  void done(const ledger::Release& by);

  [[nodiscard]] bool complete() const { return current_ == static_cast<int>(sources_.size()); }
  /// What ended the last context.
  [[nodiscard]] const ledger::Release& end() const { return last_; }

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 protected:
  void step() override;

 private:
  void loaded(const ledger::Release& by);

  const ChipContext& chip_;
  std::vector<Stored> sources_;
  std::vector<int> parts_;
  Begin begin_;
  ledger::Lane lane_;
  Loader loader_;
  int current_ = 0;
  bool resident_ = false;
  bool controlled_ = false;           ///< the control CPU is done with the current context
  int left_ = 0;                      ///< parts at work
  ledger::Release last_;              ///< latest end of a part
  ledger::Release next_;              ///< what starts the current context, or ends its control
  std::vector<Femtoseconds> begins_;  ///< when each context began
};

}  // namespace cyclescope::hailo
