#include "tests/contract/run_child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/base/error.h"
#include "sim/run/platforms.h"

namespace cyclescope::contract {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kPatienceSeconds = 120;  // then the child is taken to hang

/// A directory that goes away with the run.
class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "cyclescope-contract-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw InputError("cannot create a directory like " + path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return (fs::path(path_) / name).string(); }

 private:
  std::string path_;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Catch2's handlers would report the child's signal as the parent's.
void restore_signals() {
  for (const int signal : {SIGINT, SIGILL, SIGFPE, SIGSEGV, SIGTERM, SIGABRT, SIGALRM}) std::signal(signal, SIG_DFL);
  alarm(kPatienceSeconds);
}

[[noreturn]] void child(const std::string& platform, const workloads::Graph& graph, const Overrides& overrides,
                        const machine::RunOptions& options, const Scratch& scratch) {
  restore_signals();
  int code = 1;
  std::string message;
  try {
    const run::Platform loaded = run::load_platform(platform, overrides);
    results::RunResult result = loaded.family->run(graph, loaded.settings, options);
    result.platform = loaded.name;
    for (const auto& [key, setting] : loaded.settings.all()) result.settings[key] = setting.text;
    results::write(result, scratch.file("result.h5"));
    code = 0;
  } catch (const Error& error) {
    code = error.exit_code();
    message = error.what();
  } catch (const std::exception& error) {
    message = error.what();
  }
  std::ofstream(scratch.file("message")) << message;
  _exit(code);
}

}  // namespace

Outcome attempt(const std::string& platform, const workloads::Graph& graph, const Overrides& overrides,
                const machine::RunOptions& options) {
  const Scratch scratch;
  const pid_t pid = fork();
  if (pid < 0) throw InternalError("cannot fork");
  if (pid == 0) child(platform, graph, overrides, options, scratch);
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) throw InternalError("the child is lost");
  Outcome outcome;
  if (!WIFEXITED(status)) {
    outcome.exit_code = -1;
    outcome.message =
        "ended by signal " + std::to_string(WTERMSIG(status)) + (WTERMSIG(status) == SIGALRM ? " (it hung)" : "");
    return outcome;
  }
  outcome.exit_code = WEXITSTATUS(status);
  outcome.message = content(scratch.file("message"));
  if (!outcome.ok()) return outcome;
  outcome.bytes = content(scratch.file("result.h5"));
  outcome.result = results::read(scratch.file("result.h5"));
  return outcome;
}

Outcome attempt(const Machine& machine, const workloads::Graph& graph, const Overrides& overrides,
                const machine::RunOptions& options) {
  return attempt(machine.platform, graph, overrides_of(machine, overrides), options);
}

results::RunResult simulate(const Machine& machine, const workloads::Graph& graph, const Overrides& overrides,
                            const machine::RunOptions& options) {
  Outcome outcome = attempt(machine, graph, overrides, options);
  INFO(graph.model << " on " << machine.platform << ": code " << outcome.exit_code << ", " << outcome.message);
  REQUIRE(outcome.ok());
  return std::move(outcome.result);
}

Overrides overrides_of(const Machine& machine, const Overrides& more) {
  const auto key = [](const std::string& override) { return override.substr(0, override.find('=')); };
  Overrides all;
  const auto add = [&](const std::string& wanted) {
    for (std::string& present : all) {
      if (key(present) != key(wanted)) continue;
      present = wanted;
      return;
    }
    all.push_back(wanted);
  };
  for (const std::string& override : machine.small) add(override);
  for (const std::string& override : more) add(override);
  return all;
}

machine::RunOptions cold() {
  machine::RunOptions options;
  options.initial_state = "cold";
  return options;
}

std::string file_of(const results::RunResult& result) {
  const Scratch scratch;
  results::write(result, scratch.file("result.h5"));
  return content(scratch.file("result.h5"));
}

}  // namespace cyclescope::contract
