// Energies of actions: their keys and their values.
#pragma once

#include "arch/kpu/config.h"
#include "sim/config/settings.h"

namespace cyclescope::kpu {

/// Declares `energy.*`.
void declare_energy(config::Schema& schema);

EnergyConfig energy_from(const config::Settings& settings);

}  // namespace cyclescope::kpu
