// The memories that can be characterised: part files in configs/memory, or any INI file with the keys of one.
#pragma once

#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/memory/dram_config.h"

namespace cyclescope::run {

struct MemoryPart {
  std::string name;
  config::Settings settings;
  memory::DramConfig config;
};

/// Names in the memory directory, sorted.
std::vector<std::string> memory_names();

/// `memory` is one of these names or, with a slash or the ending `.ini`, a path; `overrides` are those of --set. Throws
/// InputError.
MemoryPart load_memory(const std::string& memory, const std::vector<std::string>& overrides);

/// A table of all memories: technology, data buses, peak. A part file that is wrong has its error in its row.
std::string list_memories();

}  // namespace cyclescope::run
