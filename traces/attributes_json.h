// Operator attributes as the trace file writes them: a JSON object with exactly the keys of traces/SCHEMA.md.
#pragma once

#include <string>

#include "workloads/attributes.h"
#include "workloads/operator_type.h"

namespace cyclescope::traces {

/// Throws InputError naming the key and what was expected: not JSON, no object, a key twice, missing, unknown, or of
/// the wrong type.
workloads::Attributes parse_attributes(workloads::OperatorType type, const std::string& text);

/// Checks that `text` is a JSON object with string values. Throws InputError.
void check_tool_versions(const std::string& text);

}  // namespace cyclescope::traces
