// One DRAM channel: a controller with its command buses and the one or two data buses (pseudo-channels) that share them.
//
// Timing: decisions of all data buses are made in order of their clocks; on one clock the
// older request goes first, of equal age the pseudo-channel that did not go last. What arrives during [now, now + controller latency) is known, so several decisions are made per event
// (sim.aggregate=off: one instant per event, same times). With nothing pending no event is scheduled; refreshes that
// fell due are caught up one by one.
// Causes, actions: see pseudo_channel.h.
// Ports: submit() from Dram, Responder::respond.
// Errors: see pseudo_channel.h.
#pragma once

#include <memory>
#include <vector>

#include "sim/kernel/module.h"
#include "sim/memory/pseudo_channel.h"

namespace cyclescope::memory {

class DramChannel : public kernel::Module {
 public:
  DramChannel(const DramConfig& config, const DramBook& book, int number);

  /// A request issued now for one of the data buses; its tick is set here.
  void submit(int pseudo_channel, Arrival arrival);
  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

  [[nodiscard]] std::int64_t bursts() const;

 protected:
  void step() override;

 private:
  /// Makes all decisions before `limit`.
  void advance(Tick limit);

  const DramConfig& config_;
  CommandBuses buses_;
  Femtoseconds lead_;  ///< how much later than a decision the event that makes it may come
  Femtoseconds planned_wake_ = kNever;
  std::size_t turn_ = 0;  ///< data bus that goes first on equal clocks and ages
  std::vector<std::unique_ptr<PseudoChannel>> data_buses_;
};

}  // namespace cyclescope::memory
