#include "sim/compute/array_rules.h"

#include <fmt/format.h>

#include "sim/base/checked.h"

namespace cyclescope::compute {
namespace {

bool stationary(const ArrayGeometry& geometry) { return geometry.dataflow != Dataflow::output_stationary; }

std::int64_t executed(const ArrayGeometry& geometry, const ArrayBlock& block) {
  return checked_mul(block.steps, static_cast<std::int64_t>(block.m) * block.n * geometry.quarter_macs);
}

}  // namespace

std::int64_t tail_steps(const ArrayGeometry& geometry, const ArrayBlock& block) {
  return stationary(geometry) ? geometry.rows + block.n - 1 : 2 * block.m + block.n - 2;
}

std::int64_t operand_hops(const ArrayGeometry& geometry, const ArrayBlock& block) {
  const std::int64_t m = block.m;
  const std::int64_t n = block.n;
  if (stationary(geometry)) return block.steps * m * (n - 1) + n * m * (m - 1) / 2;
  return block.steps * (m * (n - 1) + n * (m - 1));
}

std::int64_t result_hops(const ArrayGeometry& geometry, const ArrayBlock& block) {
  const std::int64_t m = block.m;
  const std::int64_t n = block.n;
  return stationary(geometry) ? block.steps * n * (geometry.rows - 1) : n * m * (m - 1) / 2;
}

std::int64_t useful_quarter_macs(const ArrayGeometry& geometry, const ArrayBlock& block) {
  if (stationary(geometry)) return 4 * block.macs;
  const std::int64_t results = static_cast<std::int64_t>(block.m) * block.n;
  const bool whole_macs = block.steps == ceil_div(4 * block.macs / results, geometry.quarter_macs);
  return whole_macs ? 4 * block.macs : executed(geometry, block);
}

void check_stationary(const ArrayGeometry& geometry) {
  const bool sized = geometry.rows > 0 && geometry.columns > 0 && geometry.quarter_macs > 0 && geometry.cell_m > 0 &&
                     geometry.cell_n > 0 && geometry.cell_k > 0;
  const bool buffered = geometry.ingress_depth >= 1 && geometry.egress_depth >= 2 &&
                        (geometry.stationary_buffers == 1 || geometry.stationary_buffers == 2);
  if (stationary(geometry) && sized && buffered) return;
  throw InternalError(fmt::format(
      "stationary array of {} x {} with ingress depth {}, egress depth {} and {} stationary buffers", geometry.rows,
      geometry.columns, geometry.ingress_depth, geometry.egress_depth, geometry.stationary_buffers));
}

void check_fold(const ArrayGeometry& geometry, const ArrayBlock& fold, std::int64_t last_id) {
  const bool sized = fold.id > last_id && fold.m > 0 && fold.m <= geometry.rows && fold.n > 0 &&
                     fold.n <= geometry.columns && fold.steps > 0;
  if (sized && fold.macs >= 0 && 4 * fold.macs <= executed(geometry, fold)) return;
  throw InternalError(fmt::format("fold {} of {} x {} x {} steps and {} MACs after fold {} on an array of {} x {}",
                                  fold.id, fold.m, fold.n, fold.steps, fold.macs, last_id, geometry.rows,
                                  geometry.columns));
}

}  // namespace cyclescope::compute
