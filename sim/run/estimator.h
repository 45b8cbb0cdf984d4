// NAME@estimator: the hypothetical machine that has NAME's structure and the rates of a published estimator, to compare
// like with like.
//
// A file configs/estimator/NAME.ini has configs/platforms/NAME.ini as its base and replaces what the estimator states:
// the external memory by an ideal port of its bandwidth, and its energy constants. The engine clock depends on the
// precision and is worked out here: such that the peak MAC/s of NAME are half the estimator's peak, which counts a MAC
// as two operations. A precision that the estimator does not list has the peak of its default precision.
// Rounding: the clock to a hertz, its period then to a femtosecond.
#pragma once

#include "sim/base/precision.h"
#include "sim/config/settings.h"

namespace cyclescope::run {

/// Declares `estimator.*`.
void declare_estimator(config::Schema& schema);

/// The engine clock at a precision, as a setting. Throws NotModelled when NAME does not execute the precision at all.
config::Computed estimator_clock(const config::Settings& settings, Precision precision);

}  // namespace cyclescope::run
