// How operators were mapped onto a machine, as text.
#pragma once

#include <string>
#include <vector>

#include "sim/machine/family.h"
#include "sim/run/views.h"

namespace cyclescope::run {

/// One row per mapped operator. JSON is an array of objects with the names of the fields.
std::string render_mapping(const std::vector<machine::MappingRow>& rows, Format format);

}  // namespace cyclescope::run
