#include "sim/compute/vector_unit.h"

#include "sim/base/checked.h"

namespace cyclescope::compute {

std::int64_t VectorUnitGeometry::issue_clocks(std::int64_t elements, std::int64_t passes) const {
  if (lanes <= 0 || depth < 0) throw InternalError("a vector unit needs at least one lane and no negative depth");
  if (elements < 0 || passes < 0) throw InternalError("a vector unit cannot process a negative number of elements");
  return ceil_div(checked_mul(elements, passes), lanes);
}

std::int64_t VectorUnitGeometry::clocks(std::int64_t elements, std::int64_t passes) const {
  const std::int64_t issue = issue_clocks(elements, passes);
  return issue == 0 ? 0 : checked_add(issue, depth);
}

}  // namespace cyclescope::compute
