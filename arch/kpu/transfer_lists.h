// Routes, descriptors and expected bytes of a program, as planning lists them.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "arch/kpu/config.h"
#include "arch/kpu/program.h"

namespace cyclescope::kpu {

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
  /// Of the engines on the mesh rows of the receivers (of all, if there is none: an even load is worth more than a short
  /// way) the one with least to load for the operator.
  int engine_for(const Load& load, const std::vector<std::int32_t>& destinations);

  Program& program_;
  const KpuConfig& config_;
  std::map<std::pair<std::int32_t, std::vector<std::int32_t>>, std::int32_t> routes_;
  std::int32_t balanced_op_ = -1;
  std::vector<std::int64_t> balance_;  ///< [engine] bytes to load for that operator
};

}  // namespace cyclescope::kpu
