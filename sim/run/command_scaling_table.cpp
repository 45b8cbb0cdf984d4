#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/run/command_scaling_views.h"
#include "sim/run/format.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using results::ScalingCause;
using results::ScalingPoint;
using results::ScalingSeries;

constexpr const char* kIndent = "  ";
constexpr double kFemto = 1e15;
constexpr std::size_t kLargest = 3;
constexpr std::size_t kWidth = 120;  ///< characters of a line, at most

double real(std::int64_t value) { return static_cast<double>(value); }

double share(std::int64_t part, std::int64_t total) { return total == 0 ? 0 : 100 * real(part) / real(total); }

/// `kpu-t64@estimator` of `kpu-t64@estimator (hypothetical)`, for running text; `16 GB/s` stays.
std::string short_label(const ScalingPoint& point) { return point.label.substr(0, point.label.find(" (")); }

std::string signed_percent(std::int64_t part, std::int64_t total) {
  const std::string text = fmt::format("{:.1f}", share(part, total));
  return text == "-0.0" ? "0.0" : text;
}

std::string headline(const ScalingHead& head, const ScalingSeries& series) {
  return fmt::format("{} on {}, {}, {} scaling by {}; {}\n", head.model,
                     series.platform.empty() ? "whole chips" : series.platform, head.precision,
                     head.weak ? "weak" : "strong", head.axis, describe(series)) +
         (head.sets.empty() ? "" : fmt::format("{}changed: {}\n", kIndent, fmt::join(head.sets, ", ")));
}

/// Place, time, speed-up and what follows from them.
std::string figures(const ScalingHead& head, const ScalingSeries& series) {
  const bool chips = head.axis == "platform";
  std::vector<std::string> header{chips ? "platform" : head.axis, "mesh"};
  for (const char* column : {"latency", "speed-up", "capacity", "efficiency", "serial", "energy"}) {
    header.emplace_back(column);
  }
  if (!chips) header.emplace_back("marginal");
  if (chips) header.insert(header.end(), {"tiles", "clock"});
  TextTable table(std::string(chips ? "<" : ">") + std::string(header.size() - 1, '>'));
  table.row(header);
  const ScalingPoint& base = series.points.front();
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    const ScalingPoint& point = series.points[i];
    const std::optional<double> marginal = marginal_efficiency(series, i);
    const std::optional<double> serial = results::serial_fraction(base, point);
    std::vector<std::string> row{
        point.label,
        point.mesh_width == 0 ? "-" : fmt::format("{}x{}", point.mesh_width, point.mesh_height),
        duration(point.makespan),
        fmt::format("{:.2f}x", results::speed_up(base, point)),
        fmt::format("{:.2f}x", results::ideal_speed_up(base, point)),
        fmt::format("{:.1f} %", 100 * point.lost.efficiency()),
        serial ? fmt::format("{:.4f}", *serial) : "-",
        engineering(real(point.energy_fj) / kFemto, "J")};
    if (!chips) row.push_back(marginal ? fmt::format("{:.2f}", *marginal) : "-");
    if (chips) {
      row.push_back(grouped(point.slots.arrays));
      row.push_back(fmt::format("{:.2f}x", real(point.clock_hz) / real(base.clock_hz)));
    }
    table.row(row);
  }
  return table.text(kIndent);
}

/// The whole axis of causes: what to show of a point per cause, the points' columns, a last row.
struct Losses {
  std::size_t first = 0;  ///< point of the first column
  std::int64_t (*part)(const ScalingPoint&, std::size_t cause);
  std::int64_t (*total)(const ScalingPoint&);
  const char* sum_name;
  std::int64_t (*sum)(const ScalingPoint&);
};

/// The point behind the last one whose column still fits beside that of `first`.
std::size_t last_column(const ScalingSeries& series, std::size_t first) {
  constexpr std::size_t kCauseColumn = 25;
  constexpr std::size_t kNumber = 5;  // -99.9
  std::size_t width = kCauseColumn;
  std::size_t last = first;
  while (last < series.points.size()) {
    width += std::max(series.points[last].label.size(), kNumber) + 2;
    if (width > kWidth && last > first) break;
    ++last;
  }
  return last;
}

/// Causes down, points across, as many tables as lines need; causes that round to 0.0 everywhere are left out.
std::string losses(const ScalingSeries& series, const Losses& what) {
  std::string text;
  for (std::size_t first = what.first, last = 0; first < series.points.size(); first = last) {
    last = last_column(series, first);
    std::vector<std::string> header{"cause"};
    for (std::size_t i = first; i < last; ++i) header.push_back(series.points[i].label);
    TextTable table("<" + std::string(last - first, '>'));
    table.row(header);
    for (std::size_t cause = 0; cause < results::kScalingCauses; ++cause) {
      std::vector<std::string> row{results::title(static_cast<ScalingCause>(cause))};
      bool used = false;
      for (std::size_t i = first; i < last; ++i) {
        const std::int64_t part = what.part(series.points[i], cause);
        row.push_back(signed_percent(part, what.total(series.points[i])));
        used = used || row.back() != "0.0";
      }
      if (used) table.row(row);
    }
    std::vector<std::string> sum{what.sum_name};
    for (std::size_t i = first; i < last; ++i) {
      sum.push_back(signed_percent(what.sum(series.points[i]), what.total(series.points[i])));
    }
    table.row(sum);
    text += table.text(kIndent);
  }
  return text;
}

std::string relative_losses(const ScalingSeries& series) {
  return losses(series, {1, [](const ScalingPoint& point, std::size_t cause) { return point.lost.terms[cause]; },
                         [](const ScalingPoint& point) { return point.lost.denominator; }, "1 - efficiency",
                         [](const ScalingPoint& point) { return point.lost.lost; }});
}

std::string own_losses(const ScalingSeries& series) {
  return losses(series, {0, [](const ScalingPoint& point, std::size_t cause) { return point.slots.lost[cause]; },
                         [](const ScalingPoint& point) { return point.slots.all; }, "useful MACs",
                         [](const ScalingPoint& point) { return point.slots.useful; }});
}

std::string paths(const ScalingHead& head, const ScalingSeries& series) {
  TextTable table(std::string(head.axis == "platform" ? "<" : ">") + "<");
  table.row({head.axis, "largest on the critical path"});
  for (const ScalingPoint& point : series.points) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < std::min(kLargest, point.path.size()); ++i) {
      parts.push_back(fmt::format("{} {:.1f} %", point.path[i].first, share(point.path[i].second, point.cycles)));
    }
    table.row({point.label, fmt::format("{}", fmt::join(parts, ", "))});
  }
  return table.text(kIndent);
}

/// What lost most beside the base. A point that lost no more than the base in all has no loss, but causes that it made up
/// for.
std::string largest(const ScalingPoint& point) {
  std::vector<std::string> parts;
  for (const ScalingCause cause : point.largest_losses(kLargest)) {
    const std::string percent =
        signed_percent(point.lost.terms[static_cast<std::size_t>(cause)], point.lost.denominator);
    if (percent != "0.0") parts.push_back(fmt::format("{} {} %", results::title(cause), percent));
  }
  if (parts.empty()) return "none";
  const std::string causes = fmt::format("{}", fmt::join(parts, ", "));
  return point.lost.lost > 0 ? causes : "none in all, in spite of " + causes;
}

/// `NAME: simulated 3.20x with 4.00x the capacity` (or the bandwidth, along that axis), then the largest losses.
std::string simulated(const ScalingHead& head, const std::string& name, const ScalingPoint& base,
                      const ScalingPoint& point) {
  const bool bandwidth = head.axis == "bandwidth";
  const double more = bandwidth ? static_cast<double>(point.size) / static_cast<double>(base.size)
                                : results::ideal_speed_up(base, point);
  return fmt::format("{}{}: simulated {:.2f}x with {:.2f}x the {}\n{}  largest losses: {}\n", kIndent, name,
                     results::speed_up(base, point), more, bandwidth ? "bandwidth" : "capacity", kIndent,
                     largest(point));
}

/// `kpu-t64` of `kpu-t64@estimator (hypothetical)`, about which the claim is as much.
std::string chip_of(const ScalingPoint& point) { return point.label.substr(0, point.label.find('@')); }

std::string rulings(const ScalingHead& head, const ScalingSeries& series) {
  const ScalingPoint& base = series.points.front();
  if (head.axis != "platform") {
    const ScalingPoint& last = series.points.back();
    return series.points.size() < 2
               ? ""
               : simulated(head, fmt::format("Ruling: {} {} -> {}", head.axis, short_label(base), short_label(last)),
                           base, last);
  }
  std::string text;
  for (std::size_t i = 1; i < series.points.size(); ++i) {
    const ScalingPoint& point = series.points[i];
    std::string name = fmt::format("{} -> {}", short_label(base), short_label(point));
    for (const ScalingClaim& claim : scaling_claims()) {
      if (chip_of(base) == claim.from && chip_of(point) == claim.to) {
        name = fmt::format("claim {} = {:.1f}x", name, claim.times);
      }
    }
    text += simulated(head, name, base, point);
  }
  return text;
}

std::string knees(const ScalingHead& head, const ScalingSeries& series) {
  if (head.axis == "platform") return "";
  std::string text;
  if (series.knee) {
    text += fmt::format("{}Knee: {} {} is the largest whose marginal efficiency is at least 0.5.\n", kIndent, head.axis,
                        series.points[*series.knee].label);
  }
  if (series.last) {
    text += fmt::format("{}Beyond {} {} latency never improves by more than 1 %.\n", kIndent, head.axis,
                        series.points[*series.last].label);
  } else if (series.points.size() > 1) {
    text += fmt::format("{}Latency still improves at the last point.\n", kIndent);
  }
  for (const std::size_t i : results::slower_points(series.points)) {
    const double percent = 100 * (results::speed_up(series.points[i], series.points[i - 1]) - 1);
    text += fmt::format("{}Law: more {} are not slower by more than 2 %; {} are {:.1f} % slower than {}.\n", kIndent,
                        head.axis == "tiles" ? "tiles" : "GB/s", series.points[i].label, percent,
                        series.points[i - 1].label);
  }
  return text;
}

std::string left_out(const ScalingSeries& series) {
  std::string text;
  for (const results::LeftOut& left : series.left_out) {
    text += fmt::format("{}left out: {}: {}\n", kIndent, left.label, left.message);
  }
  return text;
}

std::string one(const ScalingHead& head, const ScalingSeries& series) {
  std::string text = headline(head, series);
  if (series.points.empty()) return text + left_out(series);
  text += fmt::format("{}base: {}, the first that ran\n", kIndent, series.points.front().label) + left_out(series) +
          figures(head, series);
  text += "Where the MAC slots of each point went (% of its capacity x time)\n" + own_losses(series);
  if (series.points.size() > 1) {
    text += fmt::format("Lost efficiency against {} (% of the point's capacity x time; negative: the base lost more)\n",
                        short_label(series.points.front())) +
            relative_losses(series);
  }
  return text + paths(head, series) + rulings(head, series) + knees(head, series);
}

constexpr const char* kExplanation =
    "\nspeed-up: latency of the base over that of the point (per frame when work differs). capacity: MAC slots per\n"
    "second over the base's, tiles and clock included. efficiency = speed-up / capacity. mesh: columns x rows of "
    "tiles.\n"
    "marginal: what is faster than the point before, over what was added. serial: Karp-Flatt serial fraction.\n"
    "Tables of causes close exactly in integers (--format json): useful and lost slots are all slots, terms sum to\n"
    "1 - efficiency. Percentages here are rounded one by one, and causes of 0.0 everywhere are left out. Simulated by\n"
    "cyclescope ";

}  // namespace

const std::vector<ScalingClaim>& scaling_claims() {
  // Public estimator of November 2025 ("branes"), ResNet-50: "4.0x for 4x tiles", "8.1x for 12x tiles".
  static const std::vector<ScalingClaim> claims{{"kpu-t64", "kpu-t256", 4.0}, {"kpu-t64", "kpu-t768", 8.1}};
  return claims;
}

std::string scaling_table(const ScalingReport& report) {
  std::string text;
  for (const ScalingSeries& series : report.series) text += (text.empty() ? "" : "\n") + one(report.head, series);
  return text + kExplanation + kVersion + "\n";
}

}  // namespace cyclescope::run
