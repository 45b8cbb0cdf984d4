// Deliveries: weights and spilled activations that come from external memory slice by slice, in the order of their use.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "arch/kpu/external.h"
#include "arch/kpu/program.h"
#include "arch/kpu/transfer_lists.h"

namespace cyclescope::kpu {

class DeliveryPlanner {
 public:
  DeliveryPlanner(Program& program, TransferLists& lists, ExternalMemory& memory);

  /// Lists the deliveries of an operator.
  void plan(std::int32_t index);

 private:
  /// One delivery of a stream, gathered from the moves of the tiles that use it.
  struct Delivery {
    std::int64_t ordinal = 0, position = 0;  ///< of its first move on the way through the blocks
    std::int64_t bytes = 0;
    std::int32_t edge = -1;
    std::vector<std::int32_t> sites;
  };

  void load(std::int32_t index, std::int32_t token, const Delivery& delivery);
  /// Deliveries of the same lane that come before: smaller tiles leave numbers of the largest one unused.
  const std::vector<std::int32_t>& before_in(const Stream& stream, std::int32_t token);

  Program& program_;
  TransferLists& lists_;
  ExternalMemory& memory_;
  std::map<std::int32_t, std::vector<std::int32_t>> lanes_;  ///< [first token] deliveries planned, in order
};

}  // namespace cyclescope::kpu
