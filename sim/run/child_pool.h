// Work in child processes: SystemC elaborates once per process, so every simulation of many is a child of its own.
//
// A child sends back bytes; how they come out does not depend on how many children run at once. The parent must not
// have touched SystemC. SIGINT, SIGTERM and SIGHUP end the children and then the parent, as they would without a pool;
// children whose parent is gone end too.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace cyclescope::run {

/// How a child ended.
struct ChildOutcome {
  int exit_code = 0;  ///< of the Error that ended the work, 0 when it returned
  std::string bytes;  ///< what the work returned; of a failure the message

  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

/// Runs in a child; what it returns is sent to the parent. An Error it throws is an outcome, as is a crash.
using ChildWork = std::function<std::string(std::size_t item)>;

/// Called in the parent after each child with the number of items that are done.
using ChildProgress = std::function<void(std::size_t done)>;

/// Does work(0) to work(items - 1), each in a child, at most `workers` at once. Outcomes are in order of items.
std::vector<ChildOutcome> run_children(std::size_t items, std::size_t workers, const ChildWork& work,
                                       const ChildProgress& progress = {});

/// Processors that this process may use.
std::size_t processors();

}  // namespace cyclescope::run
