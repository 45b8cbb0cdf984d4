// The machines the contract is checked on: a line per family and kind of array. A new one adds its line to machines.cpp.
#pragma once

#include <string>
#include <vector>

namespace cyclescope::contract {

/// A family, a small machine of it, and the settings that the laws turn.
struct Machine {
  std::string family;
  std::string platform;                      ///< platform file by name
  std::vector<std::string> small;            ///< overrides that make it small enough for tests
  std::string exact_clock;                   ///< a clock whose period is a whole number of femtoseconds; "": not all
                                             ///< times of this machine can be set
  std::string ideal_operands;                ///< every level answers at once; "": there is no such setting
  std::vector<std::string> more;             ///< each: more bandwidth or buffers, the program stays the same
  std::vector<std::string> more_disturbing;  ///< each: more of what moves the turns of others or is lowered for
  std::vector<std::string> whole;            ///< overrides of the platform for networks on the whole chip
};

const std::vector<Machine>& machines();

/// Those of one family.
std::vector<Machine> machines_of(const std::string& family);

/// One KPU tile of 8x8 PEs with one DMA engine: chains without slack can be timed by hand.
const Machine& one_kpu_tile();

/// One matrix tile of 8x8 cells of 64 lanes at INT8, whose weights stay, instead.
const Machine& one_matrix_tile();

/// The first line of a family; throws InternalError when there is none.
const Machine& machine_of(const std::string& family);

}  // namespace cyclescope::contract
