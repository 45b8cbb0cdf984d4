#include "sim/run/program.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/results/process.h"
#include "sim/run/commands.h"
#include "sim/run/format.h"
#include "sim/run/output.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

struct Command {
  const char* name;
  const char* summary;
  void (*run)(const std::vector<std::string>& args);
};

constexpr std::array<Command, 12> kCommands{
    {{"list", "platforms, models, memories and precisions", list_command},
     {"show", "every setting of a platform, with its source", show_command},
     {"run", "simulate one inference", run_command},
     {"sweep", "simulate every combination of platforms, models and settings", sweep_command},
     {"explain", "where the cycles of a result went, or how a model is mapped", explain_command},
     {"check", "a run against estimates: residuals, and the causes they come from", check_command},
     {"scaling", "does latency fall linearly with tiles, and what takes the loss", scaling_command},
     {"matrix", "every analysis of the public estimator, simulated beside its estimate", matrix_command},
     {"claims", "published statements held against the results of a matrix", claims_command},
     {"validate", "measurements on silicon, simulated: residuals per row and as a distribution", validate_command},
     {"trace", "look into a trace, or verify it", trace_command},
     {"memory", "bandwidth, latency and lost time of a memory under traffic patterns", memory_command}}};

std::string help() {
  TextTable table("<<");
  for (const Command& command : kCommands) table.row({command.name, command.summary});
  return "Usage: cyclescope COMMAND [OPTIONS]\n\n"
         "A cycle-level simulator of neural-network accelerators: how long an inference takes, what it costs in "
         "energy,\n"
         "and which cause every cycle went to.\n\nCommands (each has its own --help)\n" +
         table.text("  ") +
         "\nOther options\n  --version  print the version\n  --help     print this\n\nExamples\n"
         "  cyclescope list\n"
         "  cyclescope run --platform kpu-t64 --model resnet50 --out run.h5\n"
         "  cyclescope explain run.h5\n";
}

void dispatch(const std::vector<std::string>& args) {
  if (args.empty()) throw InputError("no command given; see cyclescope --help");
  const std::string& word = args.front();
  std::vector<std::string> known{"--help", "--version"};
  for (const Command& command : kCommands) {
    if (word == command.name) return command.run({args.begin() + 1, args.end()});
    known.emplace_back(command.name);
  }
  if (word == "--help" || word == "-h") return print(help());
  if (word == "--version") return print(fmt::format("cyclescope {}\n", kVersion));
  throw InputError(fmt::format("unknown {} '{}'{}; see cyclescope --help", word[0] == '-' ? "option" : "command", word,
                               suggestion(word, known)));
}

int report(const std::string& message, int exit_code) {
  const std::string line = one_line("cyclescope: error: " + message) + "\n";
  std::fputs(line.c_str(), stderr);
  return exit_code;
}

}  // namespace

int program(int argc, const char* const* argv) {
  constexpr int kInternalFault = 1;
  try {
    claim_standard_streams();
    results::silence_hdf5();
    dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    return 0;
  } catch (const ReaderGone&) {
    end_by_broken_pipe();
  } catch (const InternalError& error) {
    return report(std::string("internal fault: ") + error.what(), error.exit_code());
  } catch (const Error& error) {
    return report(error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return report(std::string("internal fault: ") + error.what(), kInternalFault);
  }
}

}  // namespace cyclescope::run
