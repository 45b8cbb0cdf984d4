#include "sim/run/path_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/run/breakdown.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

constexpr const char* kIndent = "  ";

template <class Row>
std::vector<std::int64_t> cycles_of(const std::vector<Row>& rows) {
  std::vector<std::int64_t> cycles;
  cycles.reserve(rows.size());
  for (const Row& row : rows) cycles.push_back(row.cycles);
  return cycles;
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  std::int64_t total = 0;
  for (const std::int64_t value : values) total += value;
  return total;
}

/// Each part rounded for itself: equal operators and lanes show equal shares.
std::vector<std::int64_t> rounded(const std::vector<std::int64_t>& parts, std::int64_t total) {
  std::vector<std::int64_t> tenths;
  tenths.reserve(parts.size());
  for (const std::int64_t part : parts) tenths.push_back(tenths_of_percent(part, total));
  return tenths;
}

/// The row under the parts; says so when they do not add up to the cycles of the result.
std::vector<std::string> total_row(const results::RunResult& result, std::int64_t total) {
  if (total == result.cycles) return {"total", grouped(total), total > 0 ? percent(1000) : percent(0)};
  return {fmt::format("total (does not close: expected {})", grouped(result.cycles)), grouped(total), ""};
}

/// `tenths` are the shares in tenths of a percent.
std::string share_table(const results::RunResult& result, const std::string& kind, const std::vector<Share>& shares,
                        const std::vector<std::int64_t>& tenths) {
  if (shares.empty() && result.cycles > 0) return std::string(kIndent) + "not recorded\n";
  TextTable table("<>>");
  table.row({kind, "cycles", "share"});
  for (std::size_t i = 0; i < shares.size(); ++i) {
    table.row({shares[i].name, grouped(shares[i].cycles), percent(tenths[i])});
  }
  table.row(total_row(result, sum(cycles_of(shares))));
  return table.text(kIndent);
}

}  // namespace

std::string cause_table(const results::RunResult& result) {
  const std::vector<Share> shares = by_cause(result);
  return share_table(result, "cause", shares, permille(cycles_of(shares), result.cycles));
}

std::string lane_table(const results::RunResult& result) {
  const std::vector<Share> shares = by_lane(result);
  return share_table(result, "lane", shares, rounded(cycles_of(shares), result.cycles));
}

std::string operator_table(const results::RunResult& result, std::size_t limit) {
  std::vector<OperatorShare> rows;
  OperatorShare none;
  std::int64_t other_cycles = 0;
  for (const OperatorShare& share : by_operator(result)) {
    if (share.op < 0) {
      none = share;
    } else if (rows.size() < limit) {
      rows.push_back(share);
    } else {
      other_cycles += share.cycles;
    }
  }
  const std::size_t others = result.operators.size() - rows.size();
  std::vector<std::int64_t> cycles = cycles_of(rows);
  cycles.insert(cycles.end(), {other_cycles, none.cycles});
  if (sum(cycles) == 0 && result.cycles > 0) return std::string(kIndent) + "not recorded\n";
  const std::vector<std::int64_t> tenths = rounded(cycles, result.cycles);

  TextTable table("<>><<<");
  table.row({"operator", "cycles", "share", "type", "precision", "bound by"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const results::OperatorResult& op = result.operators[static_cast<std::size_t>(rows[i].op)];
    table.row({op.name, grouped(cycles[i]), percent(tenths[i]), op.type, op.precision_label, op.bound});
  }
  if (others > 0) {
    table.row({fmt::format("({})", plural(static_cast<std::int64_t>(others), "other operator")), grouped(other_cycles),
               percent(tenths[rows.size()]), "", "", ""});
  }
  if (none.cycles > 0) {
    table.row({operator_name(result, -1), grouped(none.cycles), percent(tenths[rows.size() + 1]), "", "", ""});
  }
  std::vector<std::string> total = total_row(result, sum(cycles));
  total.resize(6);
  table.row(total);
  return table.text(kIndent);
}

}  // namespace cyclescope::run
