#include "sim/run/matrix_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "sim/run/format.h"
#include "sim/run/matrix_views.h"

namespace cyclescope::run {
namespace {

using results::Matrix;
using results::MatrixRow;
using results::MatrixStatus;

using Rows = std::vector<const MatrixRow*>;

constexpr double kFemto = 1e15;

std::string joules(std::int64_t femtojoules) { return engineering(static_cast<double>(femtojoules) / kFemto, "J"); }

/// `| a | b |`
std::string line(const std::vector<std::string>& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

/// A header and the line under it; names that begin with '>' are of numbers, to the right.
std::string header(const std::vector<std::string>& names) {
  std::vector<std::string> titles;
  std::vector<std::string> rules;
  for (const std::string& name : names) {
    const bool right = name.front() == '>';
    titles.push_back(name.substr(right ? 1 : 0));
    rules.emplace_back(right ? "---:" : "---");
  }
  return line(titles) + fmt::format("|{}|\n", fmt::join(rules, "|"));
}

/// Place of a row among all by a figure, from 1; equal figures share it.
std::size_t place(const Rows& rows, const MatrixRow& row, const std::function<double(const MatrixRow&)>& figure) {
  const double own = figure(row);
  return 1 + static_cast<std::size_t>(
                 std::count_if(rows.begin(), rows.end(), [&](const auto* other) { return figure(*other) < own; }));
}

/// `1 (3)`: place by the simulation and, in brackets, by the estimate.
std::string places(const Rows& rows, const MatrixRow& row, const std::function<double(const MatrixRow&)>& simulated,
                   const std::function<double(const MatrixRow&)>& estimated) {
  return fmt::format("{} ({})", place(rows, row, simulated), place(rows, row, estimated));
}

double latency(const MatrixRow& row) { return static_cast<double>(row.latency); }
double estimated_latency(const MatrixRow& row) { return static_cast<double>(row.estimate.latency); }
double energy(const MatrixRow& row) { return static_cast<double>(row.energy_fj); }
double estimated_energy(const MatrixRow& row) { return static_cast<double>(row.estimate.energy_fj); }
double slowness(const MatrixRow& row) { return -row.frames_per_second; }
double estimated_slowness(const MatrixRow& row) { return -row.estimated_throughput(); }

/// Simulated rows of a model and state, fastest first.
Rows ranked(const Matrix& matrix, const std::string& model, const std::string& state) {
  Rows rows;
  for (const MatrixRow& row : matrix.rows) {
    if (row.simulated() && row.model == model && row.initial_state == state) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->latency < b->latency; });
  return rows;
}

std::string ranking(const Matrix& matrix, const Rows& rows) {
  std::string text = header({"platform", "precision", ">latency", ">estimate", ">place", ">energy", ">estimate",
                             ">place", ">frames/s", ">estimate", ">place", ">average power", ">memory", "fits",
                             fmt::format("within {}", duration(matrix.target))});
  for (const MatrixRow* row : rows) {
    const std::string label = row->precision_label == "native" ? "" : fmt::format(", {}", row->precision_label);
    text += line({row->platform, row->precision + label, duration(row->latency), duration(row->estimate.latency),
                  places(rows, *row, latency, estimated_latency), joules(row->energy_fj),
                  joules(row->estimate.energy_fj), places(rows, *row, energy, estimated_energy),
                  plain(row->frames_per_second), plain(row->estimated_throughput()),
                  places(rows, *row, slowness, estimated_slowness), engineering(row->average_power(), "W"),
                  fmt::format("{:.1f} MiB", static_cast<double>(row->peak_memory_bytes) / (1024.0 * 1024.0)),
                  row->fits ? "yes" : "no", row->target_met ? "yes" : "no"});
  }
  return text;
}

std::vector<std::string> models_of(const Matrix& matrix) {
  std::vector<std::string> models;
  for (const MatrixRow& row : matrix.rows) {
    if (std::find(models.begin(), models.end(), row.model) == models.end()) models.push_back(row.model);
  }
  return models;
}

std::string rankings(const Matrix& matrix) {
  std::string text =
      "## Rankings\n\nFastest first. A place is the rank among the simulated rows of the table by the simulation and, "
      "in "
      "brackets, by\nthe estimate. Throughput is that of batch 1.\n";
  for (const std::string& model : models_of(matrix)) {
    for (const std::string& state : matrix.states) {
      const Rows rows = ranked(matrix, model, state);
      text += fmt::format("\n### {}, {} state\n\n", model, state);
      text += rows.empty() ? "Nothing was simulated.\n" : ranking(matrix, rows);
    }
  }
  return text;
}

/// `published 6.71`: the figure as printed, or the recomputed one, marked.
std::string published(const std::string& printed, double recomputed) {
  return printed.empty() ? fmt::format("({:.2f})", recomputed) : printed;
}

/// Simulated over published.
std::string times(double simulated, double published) {
  return published > 0 ? fmt::format("{:.2f} x", simulated / published) : "-";
}

std::string changes(const Matrix& matrix) {
  std::string text =
      "## What changed against the published table\n\nFigures in brackets were never published, but follow from the "
      "same formulas; `0.10 x` is simulated over published.\nThe cause is the largest of the simulated critical "
      "path.\n\n" +
      header({"model", "platform", "precision", "state", ">published ms", ">simulated ms", ">latency", ">published mJ",
              ">simulated mJ", ">energy", "largest cause"});
  for (const MatrixRow& row : matrix.rows) {
    if (!row.simulated()) continue;
    const double published_ms = estimated_latency(row) / 1e12;
    const double published_mj = estimated_energy(row) / 1e12;
    const double ms = latency(row) / 1e12;
    const double mj = energy(row) / 1e12;
    text += line(
        {row.model, row.platform, row.precision, row.initial_state,
         published(row.estimate.published_latency_ms, published_ms), fmt::format("{:.2f}", ms), times(ms, published_ms),
         published(row.estimate.published_energy_mj, published_mj), fmt::format("{:.2f}", mj), times(mj, published_mj),
         fmt::format("{} {}", row.largest_cause, percent(tenths_of_percent(row.largest_cause_cycles, row.cycles)))});
  }
  return text;
}

/// Rows of a status, one line each.
std::string listed(const Matrix& matrix, MatrixStatus status, const std::string& title) {
  std::string text;
  for (const MatrixRow& row : matrix.rows) {
    if (row.status == status) text += fmt::format("- {}: {}\n", row_label(row), row.reason);
  }
  return text.empty() ? "" : fmt::format("## {}\n\n{}\n", title, text);
}

std::string waiting(const Matrix& matrix) {
  std::string text;
  for (const WaitingGroup& group : waiting_groups(matrix)) {
    text += fmt::format("- {}: {} ({})\n", group.reason, plural(group.rows, "row"), fmt::join(group.platforms, ", "));
  }
  if (text.empty()) return "";
  return "## Rows that wait for a machine\n\nThey are no failures; their estimates are in matrix.csv.\n\n" + text +
         "\n";
}

std::string warned(const Matrix& matrix) {
  const std::vector<std::string> lines = warnings(matrix);
  return lines.empty() ? "" : fmt::format("## Warnings\n\n- {}\n\n", fmt::join(lines, "\n- "));
}

}  // namespace

std::string matrix_report(const Matrix& matrix) {
  return fmt::format(
             "# Matrix of analyses\n\ncyclescope {}; initial state {}; target {} per frame; batch 1.\n\n{}\n"
             "Latency, energy, power and memory are *simulated* unless a column says *estimate*: the public estimator "
             "of "
             "November\n2025, never measured on silicon.\n\n",
             matrix.version, fmt::join(matrix.states, ", "), duration(matrix.target), matrix_summary(matrix)) +
         listed(matrix, MatrixStatus::failed, "Rows that failed") + waiting(matrix) +
         listed(matrix, MatrixStatus::refused, "Rows that were refused") + rankings(matrix) + "\n" + changes(matrix) +
         "\n" + warned(matrix);
}

}  // namespace cyclescope::run
