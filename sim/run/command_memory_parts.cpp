#include "sim/run/command_memory_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

fs::path memory_directory() { return fs::path(root_directory()) / "configs" / "memory"; }

std::string path_of(const std::string& memory) {
  if (memory.find('/') != std::string::npos || fs::path(memory).extension() == ".ini") return memory;
  const std::vector<std::string> names = memory_names();
  if (!std::binary_search(names.begin(), names.end(), memory)) {
    throw InputError(fmt::format("unknown memory '{}'{}; expected an INI file or one of {}", memory,
                                 suggestion(memory, names), fmt::join(names, ", ")));
  }
  return (memory_directory() / (memory + ".ini")).string();
}

}  // namespace

std::vector<std::string> memory_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(memory_directory(), error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".ini") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

MemoryPart load_memory(const std::string& memory, const std::vector<std::string>& overrides) {
  const std::string path = path_of(memory);
  config::Schema schema;
  memory::declare(schema);
  config::Settings settings = config::resolve(schema, path, overrides);
  try {
    memory::DramConfig config = memory::resolve_dram(settings);
    const std::string& ideal = settings.text("memory.ideal");
    if (ideal != "off") {
      throw InputError(fmt::format("memory.ideal = {} has nothing to characterise; expected off", ideal));
    }
    return {fs::path(path).stem().string(), std::move(settings), std::move(config)};
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  }
}

std::string list_memories() {
  TextTable table("<<>>>");
  table.row({"memory", "technology", "channels", "data buses", "peak"});
  for (const std::string& name : memory_names()) {
    try {
      const MemoryPart part = load_memory(name, {});
      table.row({name, part.settings.text("dram.technology"), grouped(part.config.channels),
                 grouped(part.config.data_buses()),
                 engineering(static_cast<double>(part.config.peak_bytes_per_second()), "B/s")});
    } catch (const InputError& error) {
      table.row({name, error.what(), "", "", ""});
    }
  }
  return table.text("  ");
}

}  // namespace cyclescope::run
