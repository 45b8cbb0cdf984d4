// The table of machine families: the only place of the command line that knows them.
#pragma once

#include <string>
#include <vector>

#include "sim/machine/family.h"

namespace cyclescope::run {

/// All families, sorted by name.
const std::vector<const machine::Family*>& families();

/// The family of that name, or nullptr.
const machine::Family* find_family(const std::string& name);

}  // namespace cyclescope::run
