#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"
#include "sim/config/ini.h"
#include "sim/run/claim.h"

namespace cyclescope::run {
namespace {

using config::trim;

/// What a function takes, in order.
struct FunctionForm {
  const char* name;
  ClaimFunction function;
  const char* form;
  std::size_t arguments;
};

constexpr std::array<FunctionForm, 10> kFunctions{{
    {"value", ClaimFunction::value, "value(METRIC, ROW)", 2},
    {"ratio", ClaimFunction::ratio, "ratio(METRIC, ROW, ROW)", 3},
    {"count", ClaimFunction::count, "count(METRIC, ROWS, OPERATOR NUMBER)", 3},
    {"least", ClaimFunction::least, "least(METRIC, ROWS)", 2},
    {"greatest", ClaimFunction::greatest, "greatest(METRIC, ROWS)", 2},
    {"spread", ClaimFunction::spread, "spread(METRIC, ROWS)", 2},
    {"inversions", ClaimFunction::inversions, "inversions(METRIC, ROWS)", 2},
    {"share", ClaimFunction::share, "share(latency|traffic, TYPE+TYPE, ROW)", 3},
    {"cause", ClaimFunction::cause, "cause(CAUSE, ROW)", 2},
    {"cameras", ClaimFunction::cameras, "cameras(ROW, FPS)", 2},
}};

constexpr std::array<Compare, 5> kCompares{Compare::at_most, Compare::at_least, Compare::less, Compare::greater,
                                           Compare::equal};

/// Fields between separators, trimmed; none may be empty.
std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t next = std::min(text.find(separator, at), text.size());
    fields.push_back(trim(text.substr(at, next - at)));
    if (fields.back().empty()) {
      throw InputError(fmt::format("'{}': expected something on both sides of '{}'", text, trim(separator)));
    }
    at = next + separator.size();
  }
  return fields;
}

estimate::PrintedNumber parse_number(const std::string& text) {
  const auto number = estimate::parse_printed(text);
  if (!number) throw InputError(fmt::format("'{}': expected a decimal number from 0 on", text));
  return *number;
}

/// `<= 10` at the start of `text`.
std::pair<Compare, estimate::PrintedNumber> parse_condition(const std::string& text) {
  for (const Compare compare : kCompares) {
    const std::string word = name(compare);
    if (text.rfind(word, 0) == 0) return {compare, parse_number(trim(text.substr(word.size())))};
  }
  throw InputError(fmt::format("'{}': expected one of = < <= > >= and a number", text));
}

RowSelection parse_selection(const std::string& text) {
  const std::vector<std::string> parts = split(text, "/");
  if (parts.size() != 3) throw InputError(fmt::format("'{}': expected PLATFORM/MODEL/PRECISION", text));
  return {text, parts[0], parts[1], parts[2]};
}

const ClaimMetric* parse_metric(const std::string& text) {
  std::string known;
  for (const ClaimMetric& metric : claim_metrics()) {
    if (text == metric.name) return &metric;
    known += std::string(known.empty() ? "" : " ") + metric.name;
  }
  throw InputError(fmt::format("'{}' is no metric: expected one of {}", text, known));
}

const FunctionForm& parse_function(const std::string& text) {
  std::string known;
  for (const FunctionForm& form : kFunctions) {
    if (text == form.name) return form;
    known += std::string(known.empty() ? "" : " ") + form.name;
  }
  throw InputError(fmt::format("'{}' is no function: expected one of {}", text, known));
}

void take_arguments(const std::vector<std::string>& arguments, ClaimTest& test) {
  switch (test.function) {
    case ClaimFunction::share:
      if (arguments[0] != "latency" && arguments[0] != "traffic") {
        throw InputError(fmt::format("share of '{}': expected latency or traffic", arguments[0]));
      }
      test.metric = parse_metric(arguments[0]);
      test.words = split(arguments[1], "+");
      test.selections = {parse_selection(arguments[2])};
      return;
    case ClaimFunction::cause:
      test.metric = parse_metric("latency");
      test.words = {arguments[0]};
      test.selections = {parse_selection(arguments[1])};
      return;
    case ClaimFunction::cameras:
      test.metric = parse_metric("latency");
      test.selections = {parse_selection(arguments[0])};
      test.fps = parse_number(arguments[1]).value;
      if (test.fps <= 0) throw InputError("cameras: expected frames per second above 0");
      return;
    default:
      test.metric = parse_metric(arguments[0]);
      test.selections = {parse_selection(arguments[1])};
  }
  if (test.function == ClaimFunction::ratio) test.selections.push_back(parse_selection(arguments[2]));
  if (test.function == ClaimFunction::count) {
    const auto [compare, number] = parse_condition(arguments[2]);
    test.condition = compare;
    test.condition_number = number;
  }
}

ClaimTest parse_test(const std::string& text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.find(')');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    throw InputError(fmt::format("'{}': expected FUNCTION(...) OPERATOR NUMBER", text));
  }
  const FunctionForm& form = parse_function(trim(text.substr(0, open)));
  const std::vector<std::string> arguments = split(text.substr(open + 1, close - open - 1), ",");
  if (arguments.size() != form.arguments) throw InputError(fmt::format("'{}': expected {}", text, form.form));
  ClaimTest test;
  test.text = text;
  test.function = form.function;
  take_arguments(arguments, test);
  const auto [compare, number] = parse_condition(trim(text.substr(close + 1)));
  test.compare = compare;
  test.number = number;
  return test;
}

/// Whether one of the patterns joined by + is the name; * stands for any characters.
bool matches_pattern(const std::string& patterns, const std::string& name) {
  for (const std::string& pattern : split(patterns, "+")) {
    const std::size_t star = pattern.find('*');
    if (star == std::string::npos) {
      if (pattern == name) return true;
      continue;
    }
    const std::string tail = pattern.substr(star + 1);
    if (name.size() + 1 >= pattern.size() && name.compare(0, star, pattern, 0, star) == 0 &&
        name.compare(name.size() - tail.size(), tail.size(), tail) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

const char* name(Compare compare) {
  switch (compare) {
    case Compare::equal:
      return "=";
    case Compare::less:
      return "<";
    case Compare::at_most:
      return "<=";
    case Compare::greater:
      return ">";
    case Compare::at_least:
      return ">=";
  }
  throw InternalError("unknown comparison");
}

bool RowSelection::matches(const ClaimRow& row) const {
  const bool machine = platform == "published" ? row.published : matches_pattern(platform, row.platform);
  return machine && matches_pattern(model, row.model) && matches_pattern(precision, row.precision);
}

const char* ClaimTest::unit() const {
  switch (function) {
    case ClaimFunction::ratio:
    case ClaimFunction::spread:
      return "x";
    case ClaimFunction::count:
      return "rows";
    case ClaimFunction::inversions:
      return "pairs";
    case ClaimFunction::share:
    case ClaimFunction::cause:
      return "%";
    case ClaimFunction::cameras:
      return "streams";
    case ClaimFunction::value:
    case ClaimFunction::least:
    case ClaimFunction::greatest:
      return metric->unit;
  }
  throw InternalError("unknown function of a claim");
}

std::vector<ClaimTest> parse_check(const std::string& text) {
  std::vector<ClaimTest> tests;
  for (const std::string& part : split(text, " and ")) tests.push_back(parse_test(part));
  return tests;
}

}  // namespace cyclescope::run
