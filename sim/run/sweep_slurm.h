// A sweep as a Slurm job array: each task simulates its share of the points into the same directory.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cyclescope::run {

struct SlurmOptions {
  std::size_t tasks = 1;             ///< of the array
  std::size_t jobs = 1;              ///< points at once, and processors, of a task
  std::vector<std::string> options;  ///< of sbatch, e.g. `--partition=long`
};

/// The batch script. It runs this program in the working directory of now, where relative paths of the spec hold.
std::string slurm_script(const std::string& directory, const SlurmOptions& options);

/// Submits the script and waits for the whole array; how its tasks ended does not matter, the points say that. Throws
/// InputError when sbatch cannot be run or refuses.
void submit_and_wait(const std::string& script);

/// Share `index` of `shares` of a list: every so-manieth element.
template <class Element>
std::vector<Element> share(const std::vector<Element>& all, std::size_t index, std::size_t shares) {
  std::vector<Element> mine;
  for (std::size_t i = index; i < all.size(); i += shares) mine.push_back(all[i]);
  return mine;
}

}  // namespace cyclescope::run
