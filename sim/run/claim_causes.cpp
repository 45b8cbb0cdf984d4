#include "sim/run/claim_causes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/run/format.h"

namespace cyclescope::run {
namespace {

using Parts = std::map<std::string, double>;

constexpr double kFemto = 1e15;
constexpr double kPercent = 100;
constexpr double kMega = 1e6;
constexpr double kMebi = 1024.0 * 1024.0;
constexpr std::size_t kNamed = 3;

/// Seconds by cause of the critical path, or joules by component of the energy.
Parts parts_of(const ClaimRow& row, bool energy) {
  Parts parts;
  if (energy) {
    for (const auto& [component, femtojoules] : row.result->energy_fj) {
      parts[component] = static_cast<double>(femtojoules) / kFemto;
    }
  } else {
    const double period = static_cast<double>(row.result->clock_period) / kFemto;
    for (const auto& [cause, cycles] : row.result->critical_path) parts[cause] = static_cast<double>(cycles) * period;
  }
  return parts;
}

/// `waiting.operand.noc 88.1 %, useful.mac 5.4 %`: the parts that most make up the total, with its sign.
std::string largest(const Parts& parts) {
  double total = 0;
  for (const auto& [name, value] : parts) total += value;
  if (total == 0) return "nothing";
  std::vector<std::pair<double, std::string>> shares;
  for (const auto& [name, value] : parts) shares.emplace_back(-value / total * kPercent, name);
  std::sort(shares.begin(), shares.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, shares.size()) && shares[i].first < 0; ++i) {
    text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", shares[i].second, -shares[i].first);
  }
  return text;
}

std::string one_row(const ClaimRow& row, bool energy) {
  const std::string book =
      energy
          ? fmt::format("{} of energy", engineering(static_cast<double>(row.result->total_energy_fj()) / kFemto, "J"))
          : fmt::format("{} of critical path", duration(row.result->makespan));
  return fmt::format("{} in {}: {}", book, row.label(), largest(parts_of(row, energy)));
}

std::string two_rows(const ClaimRow& a, const ClaimRow& b, bool energy) {
  Parts difference = parts_of(a, energy);
  for (const auto& [name, value] : parts_of(b, energy)) difference[name] -= value;
  double total = 0;
  for (const auto& [name, value] : difference) total += value;
  return fmt::format("{} takes {} {} than {}: {}", a.label(), engineering(std::abs(total), energy ? "J" : "s"),
                     total < 0 ? "less" : "more", b.label(), largest(difference));
}

std::string traffic(const ClaimRow& row) {
  const double moved = static_cast<double>(row.result->dram_read_bytes + row.result->dram_write_bytes);
  const double compulsory = static_cast<double>(row.result->compulsory_bytes);
  return fmt::format(
      "{} moves {:.1f} MB of external memory; {:.1f} MB are compulsory (weights not yet on chip, input, output)",
      row.label(), moved / kMega, compulsory / kMega);
}

/// What a metric without a ledger comes from.
std::string plain_figures(const ClaimRow& row) {
  const results::RunResult& result = *row.result;
  return fmt::format("{} runs {} as {} on arrays of {} at {} and needs {:.1f} MiB at once", row.label(), row.precision,
                     result.precision_label, engineering(static_cast<double>(result.peak_macs_per_second), "MAC/s"),
                     frequency(result.clock_hz), static_cast<double>(result.peak_memory_bytes) / kMebi);
}

/// Out of the ledgers of the rows that decided the figure.
std::string ledgers(const ClaimTest& test, const std::vector<const ClaimRow*>& rows) {
  const ClaimRow& first = *rows.front();
  switch (test.metric->ledger) {
    case ClaimLedger::traffic:
      return traffic(first);
    case ClaimLedger::none:
      return plain_figures(first);
    case ClaimLedger::path:
    case ClaimLedger::energy:
      break;
  }
  const bool energy = test.metric->ledger == ClaimLedger::energy;
  return rows.size() > 1 && rows[0] != rows[1] ? two_rows(first, *rows[1], energy) : one_row(first, energy);
}

/// Of a row whose flag is 0 because the machine does not run it.
std::string refusal(const ClaimRow& row) { return fmt::format("{} is refused ({})", row.label(), row.reason); }

std::string sentence(const TestResult& result) {
  const ClaimTest& test = *result.test;
  std::vector<const ClaimRow*> rows;
  for (const ClaimRow* row : result.simulated.witnesses) {
    if (row->result) rows.push_back(row);
  }
  if (result.simulated.witnesses.empty()) return "";
  const std::string why = rows.empty() ? refusal(*result.simulated.witnesses.front()) : ledgers(test, rows);
  if (test.function != ClaimFunction::count) return why;
  const std::string counted =
      fmt::format("{} of {} rows {} have {} {} {}", result.simulated.low, result.simulated.known,
                  test.metric->refused ? "with a result or refused" : "with a result", test.metric->name,
                  name(test.condition), test.condition_number.text);
  return test.metric->ledger == ClaimLedger::none && !rows.empty() ? counted : counted + "; " + why;
}

/// Why rows have no figure, each reason once.
std::string reasons(const std::vector<const ClaimRow*>& rows) {
  std::vector<std::string> found;
  for (const ClaimRow* row : rows) {
    const std::string reason = row->result ? "its result does not hold it" : row->reason;
    if (std::find(found.begin(), found.end(), reason) == found.end()) found.push_back(reason);
  }
  return fmt::format("{}", fmt::join(found, "; "));
}

}  // namespace

std::string row_list(const std::vector<const ClaimRow*>& rows) {
  std::vector<std::string> names;
  for (const ClaimRow* row : rows) {
    const std::string name = rows.size() > kNamed ? row->platform : row->label();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  const std::string list = fmt::format("{}", fmt::join(names, ", "));
  return rows.size() > kNamed ? fmt::format("{} rows of {}", rows.size(), list) : list;
}

std::string causes(const ClaimResult& result) {
  if (result.tests.empty()) return result.claim->not_testable;
  std::vector<std::string> sentences;
  for (const TestResult& test : result.tests) {
    const std::string text = sentence(test);
    if (!text.empty() && std::find(sentences.begin(), sentences.end(), text) == sentences.end())
      sentences.push_back(text);
  }
  const std::vector<const ClaimRow*> missing = missing_rows(result);
  const bool open =
      result.verdict != Verdict::confirmed && result.verdict != Verdict::refuted && result.verdict != Verdict::partly;
  if (sentences.empty() || open) {
    sentences.push_back(fmt::format("no figure of {} ({})", row_list(missing), reasons(missing)));
  }
  return fmt::format("{}.", fmt::join(sentences, "; "));
}

}  // namespace cyclescope::run
