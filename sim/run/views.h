// Views of one result. They derive ratios and units when printing and nothing else.
#pragma once

#include <map>
#include <string>

#include "sim/results/result.h"

namespace cyclescope::run {

enum class Format { table, json, csv };

/// Throws InputError listing the formats.
Format parse_format(const std::string& text);

/// The object that scripts rely on, then the stored integers behind it. A ratio over a makespan of
/// 0 is null.
std::string to_json(const results::RunResult& result);

/// One row per operator, with a column per cause on the critical path.
std::string to_csv(const results::RunResult& result);

/// The summary a person reads.
std::string to_table(const results::RunResult& result);

/// `changed: key = value, ...` for what the command line changed, empty when nothing was; a machine with an ideal part is
/// called hypothetical.
std::string changed(const std::map<std::string, std::string>& overrides);

std::string render(const results::RunResult& result, Format format);

/// The critical path by cause, by operator and by lane.
std::string explain(const results::RunResult& result, Format format);

}  // namespace cyclescope::run
