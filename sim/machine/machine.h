// What every machine fulfils, whatever its family: it executes the program it was built with, frame by frame.
#pragma once

#include "sim/ledger/ledger.h"
#include "sim/machine/family.h"

namespace cyclescope::machine {

/// A finished frame.
struct Frame {
  Femtoseconds start = 0;
  ledger::Release end;            ///< what ended it; its instant is the end
  Femtoseconds clock_period = 0;  ///< reference clock
};

class Machine {
 public:
  virtual ~Machine() = default;

  /// One inference from the first clock edge at or after now to quiescence. `warm`: it follows another inference, so
  /// what the mapping keeps resident is on chip. Throws InternalError when the machine comes to rest before the frame
  /// is done.
  virtual void run_frame(bool warm) = 0;

  /// The last frame.
  [[nodiscard]] virtual Frame frame() const = 0;
};

/// Runs the frame that the options ask for: the first after a cold start, or the second of two back-to-back inferences.
/// Only that frame is booked in the ledger.
void execute(Machine& machine, ledger::Ledger& ledger, const RunOptions& options);

/// Serves frames that arrive at these instants, in their order: one after another, each when it is there and the frame
/// before it has come to rest; frames never overlap. Steady: an inference before the first arrival has warmed the machine.
/// Nothing is booked in the ledger. Throws InternalError unless arrivals rise.
std::vector<ServedFrame> serve(Machine& machine, ledger::Ledger& ledger, const RunOptions& options,
                               const std::vector<Femtoseconds>& arrivals);

}  // namespace cyclescope::machine
