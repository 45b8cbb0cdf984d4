// NAME@estimator: the hypothetical machine that has NAME's structure and the rates of a published estimator, to compare
// like with like.
//
// A file configs/estimator/NAME.ini has configs/platforms/NAME.ini as its base and replaces what the estimator states:
// the external memory by an ideal port of its bandwidth, and its energy constants. The engine clock depends on the
// precision and is worked out here: such that the peak MAC/s of NAME, as --set leaves it, are half the estimator's peak,
// which counts a MAC as two operations. So more tiles make the clock slower; a clock that --set gives wins. A precision
// that the estimator does not list has the peak of its default precision.
// Rounding: the clock to a hertz, its period then to a femtosecond.
#pragma once

#include "sim/base/precision.h"
#include "sim/config/settings.h"

namespace cyclescope::run {

/// Declares `estimator.*`.
void declare_estimator(config::Schema& schema);

/// The engine clock at a precision, as a setting; `quarter_macs` are those of the machine per clock. Throws NotModelled
/// when they are 0.
config::Computed estimator_clock(const config::Settings& settings, std::int64_t quarter_macs, Precision precision);

}  // namespace cyclescope::run
