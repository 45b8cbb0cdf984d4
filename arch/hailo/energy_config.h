// Energy prices of a Hailo chip: declaration and reading.
#pragma once

#include "arch/hailo/config.h"

namespace cyclescope::hailo {

/// Declares `energy.*`.
void declare_energy(config::Schema& schema);

EnergyConfig energy_from(const config::Settings& settings);

}  // namespace cyclescope::hailo
