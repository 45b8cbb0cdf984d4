// A validation as JSON, CSV and text.
#pragma once

#include <string>

#include "sim/run/validate.h"
#include "sim/run/views.h"

namespace cyclescope::run {

std::string validation_json(const Validation& validation);
/// A line per row, in the order of measured.csv.
std::string validation_csv(const Validation& validation);
std::string render(const Validation& validation, Format format);

/// Failed rows: the first by name and how many; empty when there are none.
std::string validation_failures(const Validation& validation);

}  // namespace cyclescope::run
