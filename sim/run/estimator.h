// NAME@estimator: the hypothetical machine that has NAME's structure and the rates of a published estimator, to compare
// like with like.
//
// A file configs/estimator/NAME.ini has configs/platforms/NAME.ini and the estimator's constants
// (sim/estimate/constants.h) as its bases and makes the external memory an ideal port. What the estimator replaces is
// worked out here from the constants: the port's bandwidth and energy per byte; the energy of a MAC, two operations, at
// each precision the platform prices; the idle power. The engine clock depends on the precision: such that the peak
// MAC/s of NAME, as --set leaves it, are half the estimator's peak, which counts a MAC as two operations. So more tiles
// make the clock slower. What --set gives wins. A precision that the estimator does not list has the peak of its default
// precision.
// Rounding: the clock to a hertz, its period then to a femtosecond; a MAC to an attojoule; idle power to a microwatt.
#pragma once

#include <vector>

#include "sim/base/precision.h"
#include "sim/config/settings.h"

namespace cyclescope::run {

/// Declares `estimator.*`.
void declare_estimator(config::Schema& schema);

/// What the estimator replaces at a precision, as settings; `quarter_macs` are those of the machine per clock. Throws
/// NotModelled when they are 0, InputError when the peak is.
std::vector<config::Computed> estimator_settings(const config::Settings& settings, std::int64_t quarter_macs,
                                                 Precision precision);

}  // namespace cyclescope::run
