#include "sim/run/check_many.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/run/check_views.h"

namespace cyclescope::run {
namespace {

/// Runs that share statistics.
struct Population {
  bool hypothetical = false;
  std::vector<const Check*> checks;
};

/// Residuals with who they are of.
struct Collected {
  std::vector<double> residuals;
  std::vector<std::string> names;

  void add(std::int64_t estimated, std::int64_t simulated, const std::string& name) {
    const std::optional<double> residual = estimate::relative_residual(estimated, simulated);
    if (!residual) return;
    residuals.push_back(*residual);
    names.push_back(name);
  }

  [[nodiscard]] ResidualGroup group(const Population& of, std::string quantity, std::string by,
                                    std::string name) const {
    const estimate::Spread spread = estimate::spread(residuals);
    return {of.hypothetical, std::move(quantity), std::move(by), std::move(name), spread, names[spread.worst_at]};
  }
};

/// By the estimator's own count, whose label rule has these limits (operations per byte).
std::string intensity_class(const UnitFacts& facts) {
  const double intensity = facts.bytes == 0 ? 0 : static_cast<double>(facts.ops) / static_cast<double>(facts.bytes);
  if (intensity < 1) return "0 to 1 op/B";
  if (intensity < 10) return "1 to 10 op/B";
  return intensity < 50 ? "10 to 50 op/B" : "50 op/B and more";
}

void add_checks(const CheckedRuns& runs, CheckStatistics& statistics) {
  for (std::size_t i = 0; i < runs.checks.size(); ++i) {
    const Check& check = runs.checks[i];
    const estimate::SplitRow time = check.latency.total();
    const estimate::SplitRow drawn = check.energy.total();
    statistics.checks.push_back({check_label(check.run),
                                 runs.files[i],
                                 check.printed.has_value(),
                                 is_hypothetical(check.run),
                                 {time.estimate, drawn.estimate},
                                 {time.simulation, drawn.simulation},
                                 check.run.roofline});
    statistics.hypothetical += is_hypothetical(check.run) ? 1 : 0;
    if (check.below_roofline()) statistics.below_roofline.push_back(check_label(check.run));
  }
}

void add_runs(const Population& runs, CheckStatistics& statistics) {
  Collected latency;
  Collected roofline;
  Collected energy;
  for (const Check* check : runs.checks) {
    const std::string label = check_label(check->run);
    const estimate::SplitRow time = check->latency.total();
    const estimate::SplitRow drawn = check->energy.total();
    latency.add(time.estimate, time.simulation, label);
    roofline.add(check->run.roofline, time.simulation, label);
    energy.add(drawn.estimate, drawn.simulation, label);
  }
  const auto group = [&](const Collected& collected, const char* quantity, const char* name) {
    if (!collected.names.empty()) statistics.groups.push_back(collected.group(runs, quantity, "runs", name));
  };
  group(latency, "latency", "estimator");
  group(roofline, "latency", "roofline");
  group(energy, "energy", "estimator");
}

void add_operators(const Population& runs, CheckStatistics& statistics) {
  for (const std::size_t which : {0, 1}) {
    std::map<std::string, std::map<std::string, Collected>> by;
    const char* quantity = "";
    for (const Check* check : runs.checks) {
      const CheckedQuantity checked = quantities(*check)[which];
      quantity = checked.name;
      for (std::size_t i = 0; i < check->facts.size(); ++i) {
        const UnitFacts& facts = check->facts[i];
        const estimate::SplitRow& row = checked.split->rows[i];
        if (facts.bound == "view" || row.simulation == 0) continue;
        if (which == 0) ++statistics.operators;
        const std::string name = fmt::format("{} of {}", row.name, check_label(check->run));
        by["type"][row.type].add(row.estimate, row.simulation, name);
        by["intensity"][intensity_class(facts)].add(row.estimate, row.simulation, name);
        by["bound"][facts.bound].add(row.estimate, row.simulation, name);
      }
    }
    for (const char* what : {"type", "intensity", "bound"}) {
      for (const auto& [name, collected] : by[what])
        statistics.groups.push_back(collected.group(runs, quantity, what, name));
    }
  }
}

void add_causes(const Population& runs, CheckStatistics& statistics) {
  constexpr int kLow = 5;
  constexpr int kHigh = 95;
  for (const std::size_t which : {0, 1}) {
    std::vector<std::string> order;
    for (const Check* check : runs.checks) {
      for (const std::string& cause : quantities(*check)[which].split->causes) {
        if (std::find(order.begin(), order.end(), cause) == order.end()) order.push_back(cause);
      }
    }
    for (const std::string& cause : order) {
      std::vector<double> shares;
      const char* quantity = "";
      for (const Check* check : runs.checks) {
        const CheckedQuantity checked = quantities(*check)[which];
        quantity = checked.name;
        const estimate::SplitRow total = checked.split->total();
        if (total.simulation == 0) continue;
        shares.push_back(static_cast<double>(checked.split->share(total, cause)) /
                         static_cast<double>(total.simulation));
      }
      const bool any = std::any_of(shares.begin(), shares.end(), [](double share) { return share != 0; });
      if (!any && cause != "unexplained") continue;
      if (shares.empty()) continue;
      statistics.causes.push_back({runs.hypothetical, quantity, cause, shares.size(), estimate::median(shares),
                                   estimate::percentile(shares, kLow), estimate::percentile(shares, kHigh)});
    }
  }
}

/// What runs that are ranked against each other have in common. Hypothetical machines are not ranked among real ones.
std::string common_label(const results::RunResult& run) {
  std::string text = fmt::format("{}, {}, {}, batch {}", run.model, run.precision, run.initial_state, run.batch);
  const std::size_t twin = run.platform.find('@');
  if (twin != std::string::npos) text += ", " + run.platform.substr(twin);
  for (const auto& [key, value] : run.overrides) text += fmt::format(", {} = {}", key, value);
  return text;
}

void rank(Ranking& ranking) {
  const std::vector<double> x(ranking.estimates.begin(), ranking.estimates.end());
  const std::vector<double> y(ranking.simulated.begin(), ranking.simulated.end());
  if (x.size() >= Ranking::kFewestRanked) {
    ranking.kendall_tau_b = estimate::kendall_tau_b(x, y);
    ranking.spearman = estimate::spearman(x, y);
  }
  ranking.inversions = estimate::inversions(x, y);
  ranking.regret = estimate::regret(x, y);
}

void add_rankings(const CheckedRuns& runs, CheckStatistics& statistics) {
  for (const std::size_t which : {0, 1}) {
    std::map<std::string, Ranking> rankings;
    for (const Check& check : runs.checks) {
      const CheckedQuantity checked = quantities(check)[which];
      const estimate::SplitRow total = checked.split->total();
      Ranking& ranking = rankings[common_label(check.run)];
      ranking.quantity = checked.name;
      ranking.what = common_label(check.run);
      ranking.platforms.push_back(check.run.platform);
      ranking.estimates.push_back(total.estimate);
      ranking.simulated.push_back(total.simulation);
    }
    for (auto& [what, ranking] : rankings) {
      rank(ranking);
      statistics.rankings.push_back(std::move(ranking));
    }
  }
}

}  // namespace

bool is_hypothetical(const results::RunResult& run) {
  return run.platform.find('@') != std::string::npos || !run.overrides.empty();
}

CheckStatistics check_statistics(const CheckedRuns& runs) {
  CheckStatistics statistics;
  statistics.left_out = runs.left_out;
  statistics.failed = runs.failed;
  add_checks(runs, statistics);
  for (const bool hypothetical : {false, true}) {
    Population population{hypothetical, {}};
    for (const Check& check : runs.checks) {
      if (is_hypothetical(check.run) == hypothetical) population.checks.push_back(&check);
    }
    add_runs(population, statistics);
    add_operators(population, statistics);
    add_causes(population, statistics);
  }
  add_rankings(runs, statistics);
  return statistics;
}

}  // namespace cyclescope::run
