// The Hailo family's entry for the command line.
#pragma once

#include "sim/machine/family.h"

namespace cyclescope::hailo {

const machine::Family& family();

}  // namespace cyclescope::hailo
