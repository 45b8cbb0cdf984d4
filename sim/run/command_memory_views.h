// Views of measured memories. They derive rates and ratios when printing and nothing else.
#pragma once

#include <string>
#include <vector>

#include "sim/memory/characterise.h"
#include "sim/run/command_memory_parts.h"
#include "sim/run/views.h"

namespace cyclescope::run {

/// One memory under one pattern and load.
struct MemoryPoint {
  const MemoryPart* part = nullptr;
  memory::Measurement result;
};

/// A named part of a time or an energy.
struct NamedPart {
  std::string name;
  std::int64_t value = 0;
};

/// The time of the data buses, of the requests, and the energy, in the fixed order of JSON and CSV. They add up to the
/// whole; a leaf that has no place in them is an InternalError.
std::vector<NamedPart> bus_time(const memory::Measurement& result);
std::vector<NamedPart> life(const memory::Measurement& result);
std::vector<NamedPart> energy(const memory::Measurement& result);

/// Figures derived from a measurement.
struct MemoryFigures {
  double gb_per_s = 0;
  double share_of_peak = 0;
  double mean_ns = 0;
  double row_hit_rate = 0;
  double pj_per_bit = 0;
};
MemoryFigures figures(const memory::Measurement& result);

/// Offered load as a share of the peak, to a millionth; 0 when saturated.
double load_share(const memory::Measurement& result);

/// One object with all points; its keys are described in README.md.
std::string memory_json(const std::vector<MemoryPoint>& points);
/// One row per point.
std::string memory_csv(const std::vector<MemoryPoint>& points);
/// Per memory: figures, and where time and energy went.
std::string memory_table(const std::vector<MemoryPoint>& points);

std::string render(const std::vector<MemoryPoint>& points, Format format);

}  // namespace cyclescope::run
