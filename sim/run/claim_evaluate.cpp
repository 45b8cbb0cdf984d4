#include "sim/run/claim_evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "sim/base/error.h"
#include "sim/run/claim_figure.h"

namespace cyclescope::run {
namespace {

using estimate::ResultVariant;
using results::MatrixStatus;
using Rows = std::vector<const ClaimRow*>;
using Figure = std::function<std::optional<double>(const ClaimRow&)>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool holds(Compare compare, double value, const estimate::PrintedNumber& number) {
  switch (compare) {
    case Compare::equal:
      return number.is(value);
    case Compare::less:
      return value < number.value;
    case Compare::at_most:
      return value <= number.value;
    case Compare::greater:
      return value > number.value;
    case Compare::at_least:
      return value >= number.value;
  }
  throw InternalError("unknown comparison");
}

/// The figures of rows, those with one and those without apart.
struct Known {
  std::vector<std::pair<double, const ClaimRow*>> figures;
  Rows missing;
};

Known known(const Rows& rows, const Figure& figure) {
  Known found;
  for (const ClaimRow* row : rows) {
    if (const auto value = figure(*row)) {
      found.figures.emplace_back(*value, row);
    } else {
      found.missing.push_back(row);
    }
  }
  return found;
}

ClaimFigure unknown(Rows missing) { return {0, kInfinity, 0, std::move(missing), {}}; }

ClaimFigure single(const Rows& rows, const Figure& figure) {
  Known found = known(rows, figure);
  if (!found.missing.empty()) return unknown(std::move(found.missing));
  const auto [value, row] = found.figures.front();
  return {value, value, 1, {}, {row}};
}

ClaimFigure ratio(const Rows& first, const Rows& second, const Figure& figure) {
  Known found = known({first.front(), second.front()}, figure);
  if (!found.missing.empty()) return unknown(std::move(found.missing));
  const auto [above, a] = found.figures[0];
  const auto [below, b] = found.figures[1];
  if (below == 0) return unknown({b});
  return {above / below, above / below, 2, {}, {a, b}};
}

/// The witness is the first row of the side that has fewer of them: the exception, where there is one.
ClaimFigure count(const ClaimTest& test, const Rows& rows, const Figure& figure) {
  Known found = known(rows, figure);
  Rows yes;
  Rows no;
  for (const auto& [value, row] : found.figures) {
    (holds(test.condition, value, test.condition_number) ? yes : no).push_back(row);
  }
  const auto least = static_cast<double>(yes.size());
  ClaimFigure counted{
      least, least + static_cast<double>(found.missing.size()), found.figures.size(), std::move(found.missing), {}};
  const Rows& exceptions = no.empty() || (!yes.empty() && yes.size() < no.size()) ? yes : no;
  if (!exceptions.empty()) counted.witnesses = {exceptions.front()};
  return counted;
}

ClaimFigure extreme(const ClaimTest& test, const Rows& rows, const Figure& figure) {
  Known found = known(rows, figure);
  if (found.figures.empty()) return unknown(std::move(found.missing));
  const auto [least, greatest] = std::minmax_element(found.figures.begin(), found.figures.end());
  const bool complete = found.missing.empty();
  const std::size_t number = found.figures.size();
  if (test.function == ClaimFunction::least) {
    return {complete ? least->first : 0, least->first, number, std::move(found.missing), {least->second}};
  }
  if (test.function == ClaimFunction::greatest) {
    return {
        greatest->first, complete ? greatest->first : kInfinity, number, std::move(found.missing), {greatest->second}};
  }
  const double spread = least->first == 0 ? kInfinity : greatest->first / least->first;
  return {spread, complete ? spread : kInfinity, number, std::move(found.missing), {greatest->second, least->second}};
}

/// Whether the estimator orders two rows at all.
bool apart(double a, double b) {
  constexpr double kSame = 1e-12;
  return std::abs(a - b) > kSame * std::max(std::abs(a), std::abs(b));
}

ClaimFigure inversions(const Rows& rows, const Figure& estimated, const Figure& figure) {
  Known found = known(rows, figure);
  ClaimFigure counted{0, 0, found.figures.size(), std::move(found.missing), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      const auto a = estimated(*rows[i]);
      const auto b = estimated(*rows[j]);
      if (!a || !b || !apart(*a, *b)) continue;
      const auto own_a = figure(*rows[i]);
      const auto own_b = figure(*rows[j]);
      if (own_a && own_b && (*own_a == *own_b || (*own_a < *own_b) == (*a < *b))) continue;
      counted.high += 1;
      if (!own_a || !own_b) continue;
      counted.low += 1;
      if (counted.witnesses.empty()) counted.witnesses = {rows[i], rows[j]};
    }
  }
  if (counted.witnesses.empty() && found.figures.size() > 1) {
    const auto [least, greatest] = std::minmax_element(found.figures.begin(), found.figures.end());
    counted.witnesses = {greatest->second, least->second};
  }
  return counted;
}

ClaimFigure figure(const ClaimTest& test, const std::vector<Rows>& selected, ResultVariant variant, bool simulated) {
  const Figure estimated = [&](const ClaimRow& row) { return estimated_of(test, row, row.estimate_of(variant)); };
  const Figure of_result = [&](const ClaimRow& row) { return simulated_of(test, row); };
  const Figure& of_row = simulated ? of_result : estimated;
  switch (test.function) {
    case ClaimFunction::ratio:
      return ratio(selected[0], selected[1], of_row);
    case ClaimFunction::count:
      return count(test, selected[0], of_row);
    case ClaimFunction::least:
    case ClaimFunction::greatest:
    case ClaimFunction::spread:
      return extreme(test, selected[0], of_row);
    case ClaimFunction::inversions:
      return inversions(selected[0], estimated, of_row);
    default:
      return single(selected[0], of_row);
  }
}

bool wants_one_row(ClaimFunction function) {
  return function == ClaimFunction::value || function == ClaimFunction::ratio || function == ClaimFunction::share ||
         function == ClaimFunction::cause || function == ClaimFunction::cameras;
}

Rows select(const Claim& claim, const ClaimTest& test, const RowSelection& selection,
            const std::vector<ClaimRow>& rows) {
  Rows selected;
  for (const ClaimRow& row : rows) {
    if (selection.matches(row)) selected.push_back(&row);
  }
  const bool one = wants_one_row(test.function);
  if (selected.empty() || (one && selected.size() > 1)) {
    throw InputError(fmt::format("{}: claim [{}]: '{}' matches {} rows of the matrix; expected {}", claim.where,
                                 claim.id, selection.text, selected.size(), one ? "exactly one" : "at least one"));
  }
  return selected;
}

/// Whether an open interval decides already: 1 holds, 0 does not, -1 open. Bounds without any row decide nothing.
int decided(const ClaimTest& test, const ClaimFigure& figure) {
  if (figure.known == 0) return -1;
  if (figure.exact()) return holds(test.compare, figure.low, test.number) ? 1 : 0;
  if (test.compare == Compare::equal) {
    const double number = test.number.value;
    const double half = std::pow(10.0, -test.number.decimals) / 2;
    return figure.low > number + half || figure.high < number - half ? 0 : -1;
  }
  const bool at_low = holds(test.compare, figure.low, test.number);
  const bool at_high = holds(test.compare, figure.high, test.number);
  if (at_low == at_high) return at_low ? 1 : 0;
  return -1;
}

/// What a test that is still open is open for.
Verdict verdict_of(const Rows& missing) {
  const auto any = [&](auto&& of_row) { return std::any_of(missing.begin(), missing.end(), of_row); };
  if (any([](const ClaimRow* row) { return row->status == MatrixStatus::failed; })) return Verdict::failed;
  if (any([](const ClaimRow* row) { return row->in_matrix && row->status == MatrixStatus::waiting; })) {
    return Verdict::waiting;
  }
  if (any([](const ClaimRow* row) { return !row->in_matrix; })) return Verdict::absent;
  return Verdict::not_testable;
}

Verdict verdict_of(const ClaimTest& test, const ClaimFigure& figure) {
  const int known = decided(test, figure);
  if (known >= 0) return known == 1 ? Verdict::confirmed : Verdict::refuted;
  return verdict_of(figure.missing);
}

/// Final only where no test that is still open can change it.
Verdict combined(const std::vector<TestResult>& tests) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(tests.begin(), tests.end(), [&](const TestResult& test) { return test.verdict == verdict; });
  };
  if (any(Verdict::refuted) && any(Verdict::confirmed)) return Verdict::partly;
  for (const Verdict verdict :
       {Verdict::failed, Verdict::waiting, Verdict::absent, Verdict::refuted, Verdict::not_testable}) {
    if (any(verdict)) return verdict;
  }
  return Verdict::confirmed;
}

}  // namespace

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "confirmed";
    case Verdict::refuted:
      return "refuted";
    case Verdict::partly:
      return "partly";
    case Verdict::waiting:
      return "waiting for a platform";
    case Verdict::absent:
      return "not in this matrix";
    case Verdict::not_testable:
      return "not testable";
    case Verdict::failed:
      return "failed";
  }
  throw InternalError("unknown verdict");
}

ClaimResult evaluate(const Claim& claim, const std::vector<ClaimRow>& rows, const std::string& state) {
  ClaimResult result{&claim, claim.tests.empty() ? "" : state, {}, Verdict::not_testable};
  if (claim.tests.empty()) return result;
  for (const ClaimTest& test : claim.tests) {
    std::vector<Rows> selected;
    for (const RowSelection& selection : test.selections) selected.push_back(select(claim, test, selection, rows));
    TestResult one;
    one.test = &test;
    const ClaimFigure estimated = figure(test, selected, claim.variant, false);
    if (estimated.exact() && estimated.missing.empty()) one.estimated = estimated.low;
    one.simulated = figure(test, selected, claim.variant, true);
    one.verdict = verdict_of(test, one.simulated);
    result.tests.push_back(std::move(one));
  }
  result.verdict = combined(result.tests);
  return result;
}

std::vector<const ClaimRow*> missing_rows(const ClaimResult& result) {
  Rows rows;
  for (const TestResult& test : result.tests) {
    for (const ClaimRow* row : test.simulated.missing) {
      if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace cyclescope::run
