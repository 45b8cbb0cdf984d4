#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "sim/estimate/statistics.h"
#include "sim/run/check_views.h"
#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using estimate::Split;
using estimate::SplitRow;

constexpr const char* kIndent = "  ";
constexpr double kFemto = 1e15;
constexpr std::int64_t kLeastShown = 1000;

/// `1.234 ms`, `-5.678 uJ`.
std::string amount(std::int64_t value, const CheckedQuantity& quantity) {
  const std::string unit(quantity.unit);
  return engineering(static_cast<double>(value) / kFemto, unit.substr(1));
}

std::string signed_amount(std::int64_t value, const CheckedQuantity& quantity) {
  return (value > 0 ? "+" : "") + amount(value, quantity);
}

std::string capital(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string headline(const Check& check) {
  const results::RunResult& run = check.run;
  std::string text = fmt::format("{} on {}, {} ({}), batch {}, {} state; cyclescope {}\n", run.model, run.platform,
                                 run.precision, run.precision_label, run.batch, run.initial_state, run.version) +
                     changed(run.overrides);
  text += fmt::format("estimator: branes-ai of November 2025, constants of {}", check.estimator);
  if (!check.constants.empty()) text += fmt::format(", changed: {}", fmt::join(check.constants, ", "));
  if (!check.printed) text += "; no row published for this run";
  return text + "\n";
}

std::string estimates(const Check& check, const CheckedQuantity& quantity) {
  const std::int64_t simulated = quantity.split->total().simulation;
  TextTable table("<>>>>");
  table.row({"estimate", "", "simulated", "residual", "log ratio"});
  const auto row = [&](const std::string& name, std::int64_t value) {
    table.row({name, amount(value, quantity), amount(simulated, quantity),
               signed_percent(estimate::relative_residual(value, simulated)),
               signed_number(estimate::log_ratio(value, simulated))});
  };
  if (quantity.published) row("published", *quantity.published);
  row("recomputed for the trace", quantity.recomputed);
  if (quantity.split == &check.latency) row("roofline, bound by " + check.run.roofline_bound, check.run.roofline);
  return table.text(kIndent);
}

/// Causes with a share of a picosecond or picojoule or more, in order, and what the estimate is after each.
std::string cause_split(const Check& check, const CheckedQuantity& quantity) {
  const Split& split = *quantity.split;
  const SplitRow total = split.total();
  TextTable table("<>>");
  table.row({"cause", "share", "then"});
  std::int64_t now = total.estimate;
  table.row({quantity.published ? "published estimate" : "estimate", "", amount(now, quantity)});
  for (std::size_t i = 0; i < split.causes.size(); ++i) {
    now += total.shares[i];
    const bool rest = split.causes[i] == "unexplained";
    if (std::llabs(total.shares[i]) < kLeastShown && !rest) continue;
    table.row({rest ? "unexplained rest" : estimate::cause_title(split.causes[i]),
               signed_amount(total.shares[i], quantity), amount(now, quantity)});
    if (quantity.split == &check.latency && split.causes[i] == "overlap") {
      table.row({"= roofline; from here on the critical path", "", ""});
    }
  }
  table.row({"simulated", "", amount(total.simulation, quantity)});
  return table.text(kIndent);
}

/// The `count` causes of a row with the largest shares: `noc +12 us, fusion -3 us`.
std::string largest(const Split& split, const SplitRow& row, const CheckedQuantity& quantity, std::size_t count) {
  std::vector<std::size_t> order(row.shares.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::llabs(row.shares[a]) > std::llabs(row.shares[b]); });
  std::string text;
  for (std::size_t i = 0; i < std::min(count, order.size()) && row.shares[order[i]] != 0; ++i) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", estimate::cause_title(split.causes[order[i]]),
                        signed_amount(row.shares[order[i]], quantity));
  }
  return text;
}

std::string operators(const Check& check, const CheckedQuantity& quantity, std::size_t limit) {
  constexpr std::size_t kLargest = 3;
  const Split& split = *quantity.split;
  std::vector<std::size_t> order(split.rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto size = [&](std::size_t i) { return std::llabs(split.rows[i].simulation - split.rows[i].estimate); };
    return size(a) > size(b);
  });
  TextTable table("<<<>>>><");
  table.row({"operator", "type", "bound by", "estimate", "simulated", "residual", "log ratio", "largest causes"});
  for (std::size_t i = 0; i < std::min(limit, order.size()); ++i) {
    const SplitRow& row = split.rows[order[i]];
    const std::string bound = order[i] < check.facts.size() ? check.facts[order[i]].bound : "";
    table.row({row.name, row.type, bound, amount(row.estimate, quantity), amount(row.simulation, quantity),
               signed_percent(estimate::relative_residual(row.estimate, row.simulation)),
               signed_number(estimate::log_ratio(row.estimate, row.simulation)),
               largest(split, row, quantity, kLargest)});
  }
  return table.text(kIndent);
}

}  // namespace

std::string check_table(const Check& check, std::size_t limit) {
  std::string text = headline(check);
  for (const CheckedQuantity& quantity : quantities(check)) {
    text += fmt::format("\n{}\n", capital(quantity.name)) + estimates(check, quantity);
    text += fmt::format("\n{}: from the estimate to the simulation, cause by cause\n", capital(quantity.name)) +
            cause_split(check, quantity);
    if (limit == 0) continue;
    text += fmt::format("\n{} of operators, largest differences first ({} of {})\n", capital(quantity.name),
                        std::min(limit, quantity.split->rows.size()), quantity.split->rows.size()) +
            operators(check, quantity, limit);
  }
  return text;
}

}  // namespace cyclescope::run
