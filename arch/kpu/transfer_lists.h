// Routes, descriptors and expected bytes of a program, as planning lists them.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

/// The DMA engine that loads what goes to `sites`: of the engines on their mesh rows (of all, if there is none: an even load
/// is worth more than a short way) the first with least in `loads` (by engine).
int least_loaded_engine(const std::vector<std::int64_t>& loads, const std::vector<std::int32_t>& sites,
                        const KpuConfig& config);

class TransferLists {
 public:
  TransferLists(Program& program, const KpuConfig& config);

  /// Index of a route in the program; equal ones are listed once.
  std::int32_t route(std::int32_t source, const std::vector<std::int32_t>& destinations);
  /// Gives a descriptor its DMA engine and route.
  void add_load(Load load, const std::vector<std::int32_t>& destinations);
  /// Sites wait for bytes of a token.
  void expect(std::int32_t token, const std::vector<std::int32_t>& sites, std::int64_t bytes);

 private:
  /// The one with least to load for the operator.
  int engine_for(const Load& load, const std::vector<std::int32_t>& destinations);

  Program& program_;
  const KpuConfig& config_;
  std::map<std::pair<std::int32_t, std::vector<std::int32_t>>, std::int32_t> routes_;
  std::int32_t balanced_op_ = -1;
  std::vector<std::int64_t> balance_;  ///< [engine] bytes to load for that operator
};

}  // namespace cyclescope::kpu
