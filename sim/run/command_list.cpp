#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "sim/base/precision.h"
#include "sim/run/command_memory_parts.h"
#include "sim/run/commands.h"
#include "sim/run/directories.h"
#include "sim/run/format.h"
#include "sim/run/options.h"
#include "sim/run/output.h"
#include "sim/run/platforms.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

constexpr std::array<Precision, 5> kPrecisions{Precision::int4, Precision::int8, Precision::bf16, Precision::fp16,
                                               Precision::fp32};

std::string platforms() {
  TextTable table("<<<");
  std::vector<std::string> names = platform_names();
  for (const std::string& name : estimator_names()) names.push_back(name);
  for (const std::string& name : names) {
    const PlatformFile file = find_platform(name);
    table.row({file.name, file.family, file.description});
  }
  return "Platforms\n" + table.text("  ");
}

std::string models() {
  std::string text = "Models in the library\n";
  for (const std::string& name : traces::library(library_directory())) text += "  " + name + "\n";
  return text;
}

std::string precisions() {
  std::string text = "Precisions\n ";
  for (const Precision precision : kPrecisions) text += std::string(" ") + name(precision);
  return text + "\n";
}

}  // namespace

void list_command(const std::vector<std::string>& args) {
  const Usage usage{"list", "", "Lists platforms, models of the library, memories, and precisions.", "cyclescope list"};
  if (!parse(usage, {}, args)) return;
  print(platforms() + "\n" + models() + "\nMemories\n" + list_memories() + "\n" + precisions());
}

}  // namespace cyclescope::run
