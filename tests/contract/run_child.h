// Runs in child processes: SystemC elaborates once per process, and a crash or a hang of a model is an outcome here.
#pragma once

#include <string>
#include <vector>

#include "sim/machine/family.h"
#include "sim/results/result.h"
#include "tests/contract/machines.h"
#include "workloads/graph.h"

namespace cyclescope::contract {

using Overrides = std::vector<std::string>;

/// How a run ended. `exit_code` is that of the Error, 0 when there is a result, -1 when a signal ended the child.
struct Outcome {
  int exit_code = 0;
  std::string message;          ///< of the error or the signal
  results::RunResult result;
  std::string bytes;            ///< the result file

  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

/// One run of a platform, after a fork. The parent must not have touched SystemC.
Outcome attempt(const std::string& platform, const workloads::Graph& graph, const Overrides& overrides,
                const machine::RunOptions& options = {});

/// The same, on the small machine of a family; overrides come after those that make it small.
Outcome attempt(const Machine& machine, const workloads::Graph& graph, const Overrides& overrides = {},
                const machine::RunOptions& options = {});

/// The result; fails the test when there is none.
results::RunResult simulate(const Machine& machine, const workloads::Graph& graph, const Overrides& overrides = {},
                       const machine::RunOptions& options = {});

/// Overrides of the small machine, then more; later ones of the same key replace earlier ones.
Overrides overrides_of(const Machine& machine, const Overrides& more);

/// Options of a run from an empty chip.
machine::RunOptions cold();

/// The bytes of the file that holds `result`.
std::string file_of(const results::RunResult& result);

}  // namespace cyclescope::contract
