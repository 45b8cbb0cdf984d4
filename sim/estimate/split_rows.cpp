// What both halves of the split share: workloads of a unit, rows and totals.
#include <algorithm>
#include <numeric>

#include "sim/base/checked.h"
#include "sim/base/error.h"
#include "sim/estimate/split_causes.h"

namespace cyclescope::estimate {
namespace {

constexpr std::int64_t kOpsPerMac = 2;

OperatorCount counted(std::int64_t macs, std::int64_t bytes) {
  OperatorCount one;
  one.macs = macs;
  one.ops = checked_mul(kOpsPerMac, macs);
  one.input_bytes = bytes;
  return one;
}

std::size_t place(const Split& split, const std::string& cause) {
  return static_cast<std::size_t>(std::find(split.causes.begin(), split.causes.end(), cause) - split.causes.begin());
}

}  // namespace

UnitWorkloads::UnitWorkloads(const SplitUnit& unit) {
  for (const SplitOperator& one : unit.operators) {
    counted.operators.push_back(one.count);
    macs_alone.operators.push_back(estimate::counted(one.count.macs, one.count.input_bytes + one.count.output_bytes));
    if (!one.view) moved.operators.push_back(macs_alone.operators.back());
  }
  std::int64_t macs = 0;
  for (const SplitGroup& group : unit.groups) {
    fused.operators.push_back(estimate::counted(group.macs, group.bytes));
    macs = checked_add(macs, group.macs);
  }
  compulsory.operators.push_back(estimate::counted(macs, unit.compulsory_bytes));
}

std::int64_t bytes_of(const BranesWorkload& workload) {
  std::int64_t bytes = 0;
  for (const OperatorCount& one : workload.operators) {
    bytes = checked_add(bytes, checked_add(one.input_bytes, one.output_bytes));
  }
  return bytes;
}

RowBuilder::RowBuilder(const Split& split, SplitRow& row) : split_(split), row_(row) {
  row_.shares.assign(split.causes.size(), 0);
}

void RowBuilder::add(const std::string& cause, std::int64_t share) {
  const std::size_t at = place(split_, cause);
  if (at == split_.causes.size()) throw InternalError("a split without cause " + cause);
  row_.shares[at] = checked_add(row_.shares[at], share);
}

void RowBuilder::close() {
  std::int64_t rest = checked_add(row_.simulation, -row_.estimate);
  for (const std::int64_t share : row_.shares) rest = checked_add(rest, -share);
  add(kUnexplained, rest);
}

SplitRow Split::total() const {
  SplitRow sum;
  sum.name = "total";
  sum.shares.assign(causes.size(), 0);
  for (const SplitRow& row : rows) {
    sum.estimate = checked_add(sum.estimate, row.estimate);
    sum.simulation = checked_add(sum.simulation, row.simulation);
    for (std::size_t i = 0; i < causes.size(); ++i) sum.shares[i] = checked_add(sum.shares[i], row.shares[i]);
  }
  return sum;
}

std::int64_t Split::share(const SplitRow& row, const std::string& cause) const {
  const std::size_t at = place(*this, cause);
  return at == causes.size() ? 0 : row.shares[at];
}

}  // namespace cyclescope::estimate
