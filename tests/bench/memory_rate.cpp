// How fast a memory is simulated: bursts per second of CPU time under saturated traffic, ledger's books included.
// Usage: bench_memory MEMORY [BURSTS]; MEMORY is a name that cyclescope memory --list shows, or an INI file.
// Prints one line of JSON: memory, and per pattern (sequential `read` of granules, `random32`) bursts, seconds of CPU
// time and bursts_per_cpu_second. Each pattern is simulated in a child process of its own.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string>

#include "sim/base/checked.h"
#include "sim/memory/characterise.h"
#include "sim/run/child_pool.h"
#include "sim/run/command_memory_parts.h"

namespace {

using cyclescope::memory::Pattern;

constexpr std::array<Pattern, 2> kPatterns{Pattern::read, Pattern::random32};

std::string rate(const cyclescope::config::Settings& settings, Pattern pattern, std::int64_t bursts) {
  cyclescope::memory::Workload workload;
  workload.pattern = pattern;
  const std::int64_t per_granule = settings.integer("dram.granule") / settings.integer("dram.burst_bytes");
  workload.requests = pattern == Pattern::read ? cyclescope::ceil_div(bursts, per_granule) : bursts;
  const std::clock_t start = std::clock();
  const cyclescope::memory::Measurement result = cyclescope::memory::characterise(settings, workload);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return fmt::format("\"{}\": {{\"bursts\": {}, \"seconds\": {:.6f}, \"bursts_per_cpu_second\": {:.0f}}}",
                     name(pattern), result.bursts, seconds, static_cast<double>(result.bursts) / seconds);
}

int measure(const std::string& memory, std::int64_t bursts) {
  const cyclescope::run::MemoryPart part = cyclescope::run::load_memory(memory, {});
  const auto outcomes = cyclescope::run::run_children(
      kPatterns.size(), 1, [&](std::size_t item) { return rate(part.settings, kPatterns[item], bursts); });
  std::string line = fmt::format("{{\"memory\": \"{}\"", part.name);
  for (const cyclescope::run::ChildOutcome& outcome : outcomes) {
    if (!outcome.ok()) throw cyclescope::Error(outcome.exit_code, outcome.bytes);
    line += ", " + outcome.bytes;
  }
  std::puts((line + "}").c_str());
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::int64_t bursts = argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 1'000'000;
  if (argc < 2 || argc > 3 || bursts <= 0) {
    std::fputs("usage: bench_memory MEMORY [BURSTS]\n", stderr);
    return 2;
  }
  try {
    return measure(argv[1], bursts);
  } catch (const cyclescope::Error& error) {
    std::fprintf(stderr, "bench_memory: %s\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_memory: %s\n", error.what());
    return 1;
  }
}
