// The KPU family's entry for the command line.
#pragma once

#include "sim/machine/family.h"

namespace cyclescope::kpu {

const machine::Family& family();

}  // namespace cyclescope::kpu
