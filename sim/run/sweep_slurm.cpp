#include "sim/run/sweep_slurm.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/run/directories.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

/// One word of a shell, whatever it holds.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

void check_line(const std::string& what, const std::string& text) {
  if (text.find('\n') == std::string::npos) return;
  throw InputError(fmt::format("{} holds a line break, which a batch script cannot; expected one line", what));
}

}  // namespace

std::string slurm_script(const std::string& directory, const SlurmOptions& options) {
  const std::string target = fs::absolute(directory).lexically_normal().string();
  const std::string here = fs::current_path().string();
  check_line("the directory of the sweep", target);
  if (target.find_first_of("\"\\%") != std::string::npos) {  // of a meaning of their own in #SBATCH --output
    throw InputError(fmt::format("--out '{}': expected no quote, backslash or percent sign with Slurm", target));
  }
  check_line("the working directory", here);
  std::string text = "#!/bin/bash\n#SBATCH --job-name=cyclescope\n";
  text += fmt::format("#SBATCH --array=0-{}\n#SBATCH --ntasks=1\n#SBATCH --cpus-per-task={}\n", options.tasks - 1,
                      options.jobs);
  text += fmt::format("#SBATCH --output=\"{}/slurm-%a.log\"\n", target);
  for (const std::string& option : options.options) {
    check_line("--slurm-option", option);
    if (option.rfind("-", 0) != 0) {
      throw InputError(fmt::format("--slurm-option '{}': expected an option of sbatch, e.g. --partition=long", option));
    }
    text += "#SBATCH " + option + "\n";
  }
  text += fmt::format("cd {} || exit 2\nexport CYCLESCOPE_ROOT={}\n", quoted(here),
                      quoted(fs::absolute(root_directory()).lexically_normal().string()));
  text += fmt::format("exec {} sweep worker {} \"$SLURM_ARRAY_TASK_ID/{}\" --jobs {}\n",
                      quoted(fs::read_symlink("/proc/self/exe").string()), quoted(target), options.tasks, options.jobs);
  return text;
}

void submit_and_wait(const std::string& script) {
  FILE* const pipe = popen(("sbatch --parsable --wait " + quoted(script)).c_str(), "r");
  if (pipe == nullptr) throw InputError("cannot run sbatch; expected Slurm's commands in PATH, or --no-submit");
  std::string said;
  std::array<char, 256> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) said += buffer.data();
  const int status = pclose(pipe);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  constexpr int kNoSuchCommand = 127;
  if (code == kNoSuchCommand && said.empty()) {
    throw InputError("there is no sbatch; expected Slurm's commands in PATH, or --no-submit");
  }
  if (said.empty() && code != 0) {  // it prints the number of a job that it took
    throw InputError(fmt::format("sbatch refused '{}' (exit code {}); expected a Slurm that takes it", script, code));
  }
}

}  // namespace cyclescope::run
