// What a trace holds, as text; integers are exact.
#pragma once

#include <string>

#include "sim/run/views.h"
#include "traces/reader.h"

namespace cyclescope::run {

/// Name, source, inputs and outputs, operators by type, MACs, parameters, other operations, compulsory bytes by
/// precision. There is no CSV form: throws InputError for it.
std::string trace_info(const traces::Trace& trace, Format format);

}  // namespace cyclescope::run
