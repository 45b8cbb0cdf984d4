#include "sim/run/command_scaling_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/checked.h"
#include "sim/memory/dram_config.h"
#include "sim/run/command_memory_load.h"
#include "sim/run/platforms.h"

namespace cyclescope::run {
namespace {

constexpr const char* kTiles = "kpu.tiles";
constexpr const char* kChannels = "dram.channels";
constexpr const char* kPort = "memory.port_bandwidth";

/// Fields of a comma list, each one of `allowed`, none twice.
std::vector<std::string> words(const Arguments& arguments, const std::string& option,
                               const std::vector<std::string>& allowed) {
  const std::vector<std::string> found = fields(option, arguments.text(option));
  for (const std::string& word : found) {
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end() ||
        std::count(found.begin(), found.end(), word) != 1) {
      throw InputError(fmt::format("--{} '{}': expected one or more of {}", option, arguments.text(option),
                                   fmt::join(allowed, ",")));
    }
  }
  return found;
}

/// What the platform says, as far as the axes need it. An ideal port has a bandwidth; its units are MB/s instead of
/// channels.
struct Chip {
  std::string name;  ///< as given, possibly a path
  std::string shown;
  std::int64_t tiles = 0;
  bool port = false;            ///< memory.ideal = port
  std::int64_t units = 0;       ///< channels, or MB/s of the port
  std::int64_t unit_bytes = 0;  ///< bytes per second of one

  [[nodiscard]] std::string set_units(std::int64_t count) const {
    return port ? fmt::format("{}={} MB/s", kPort, count) : fmt::format("{}={} channels", kChannels, count);
  }
};

std::int64_t setting(const Platform& platform, const char* key) {
  if (platform.settings.all().count(key) == 0) {
    throw InputError(fmt::format("platform {}: it has no setting {} to scale; expected a KPU", platform.name, key));
  }
  return platform.settings.integer(key);
}

/// An axis sets its own key. Throws InputError.
void refuse_set(const std::vector<std::string>& sets, const std::string& key, const char* axis) {
  for (const std::string& set : sets) {
    if (set.substr(0, set.find('=')).find(key) == std::string::npos) continue;
    throw InputError(fmt::format("--set {}: {} sets {} for every point; expected one of the two", set, axis, key));
  }
}

/// An @estimator machine holds its peak, so that more tiles would have a slower clock. Where tiles change, all have the
/// clock of the platform as it is, as an override.
void hold_clock(const std::string& name, std::vector<std::string>& sets, Precision precision) {
  const Platform platform = load_platform(name, sets, precision);
  if (!platform.hypothetical) return;
  const std::string& key = platform.settings.text("estimator.clock");
  const config::Setting& clock = platform.settings.at(key);
  if (clock.set_where != "--set") sets.push_back(fmt::format("{}={}", key, clock.text));
}

Chip chip(const std::string& name, const std::vector<std::string>& sets, Precision precision) {
  constexpr std::int64_t kMega = 1'000'000;
  const Platform platform = load_platform(name, sets, precision);
  Chip found{name, platform.name, setting(platform, kTiles)};
  found.port = platform.settings.text("memory.ideal") == "port";
  found.units = found.port ? setting(platform, kPort) / kMega : setting(platform, kChannels);
  found.unit_bytes = found.port ? kMega : memory::resolve_dram(platform.settings).peak_bytes_per_second() / found.units;
  return found;
}

class Planner {
 public:
  explicit Planner(const Arguments& arguments) : arguments_(arguments), sets_(arguments.list("set")) {
    states_ = words(arguments, "state", {"steady", "cold"});
    memories_ = words(arguments, "memory", {"constant", "scaled", "ideal"});
    plan_.head.model = arguments.text("model");
    plan_.head.sets = sets_;
    plan_.head.weak = arguments.options["weak"].as<bool>();
    common_.model = plan_.head.model;
    common_.options.precision = parse_precision(arguments.text("precision"));
    plan_.head.precision = name(common_.options.precision);
  }

  ScalingPlan take() {
    const bool tiles = arguments_.has("tiles");
    const bool bandwidth = arguments_.has("bandwidth");
    if (arguments_.has("platforms")) {
      if (tiles || bandwidth || arguments_.has("platform") || plan_.head.weak || scaled()) {
        throw InputError(
            "--platforms compares whole chips: expected no --platform, --tiles, --bandwidth, --weak and no --memory "
            "scaled");
      }
      compare_platforms();
    } else if (!tiles && !bandwidth) {
      throw InputError("nothing to scale: expected --tiles, --bandwidth or --platforms");
    } else {
      scale_one(tiles, bandwidth);
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] bool in_memories(const char* memory) const {
    return std::find(memories_.begin(), memories_.end(), memory) != memories_.end();
  }
  [[nodiscard]] bool scaled() const { return in_memories("scaled"); }

  void compare_platforms() {
    plan_.head.axis = "platform";
    const std::vector<std::string> names = fields("platforms", arguments_.text("platforms"));
    for_all_series("", "", [&](PlannedSeries& series) {
      for (const std::string& name : names) add(series, find_platform(name).name, 0, name, {}, 1);
    });
  }

  void scale_one(bool tiles, bool bandwidth) {
    if (!arguments_.has("platform"))
      throw InputError("--platform is missing: expected a KPU that cyclescope list shows");
    if (bandwidth && in_memories("ideal")) {
      throw InputError("--memory ideal has no bandwidth: expected constant or scaled with --bandwidth");
    }
    if (!tiles && (plan_.head.weak || scaled())) {
      throw InputError("--weak and --memory scaled go by tiles: expected --tiles with them");
    }
    if (tiles) refuse_set(sets_, kTiles, "--tiles");
    if (bandwidth) refuse_set(sets_, "dram.channels", "--bandwidth");
    if (tiles) hold_clock(arguments_.text("platform"), sets_, common_.options.precision);
    plan_.head.sets = sets_;
    chip_ = chip(arguments_.text("platform"), sets_, common_.options.precision);
    std::vector<Rate> rates;
    if (bandwidth) {
      for (const std::string& text : fields("bandwidth", arguments_.text("bandwidth"))) add_rate(rates, text);
    }
    plan_.head.axis = tiles ? "tiles" : "bandwidth";
    if (!tiles) return scale_bandwidth(rates);
    if (!bandwidth) return scale_tiles("", chip_.units);
    for (const Rate& rate : rates) scale_tiles(rate.label, rate.units);
  }

  /// A value of --bandwidth.
  struct Rate {
    std::string label;       ///< `16 GB/s`
    std::int64_t units = 0;  ///< of the chip
  };

  void add_rate(std::vector<Rate>& rates, const std::string& text) const {
    const Rate rate{text + " GB/s", channels_for(text, chip_.unit_bytes)};
    if (std::any_of(rates.begin(), rates.end(), [&](const Rate& other) { return other.units == rate.units; })) {
      refuse_twice("bandwidth", rate.label);
    }
    rates.push_back(rate);
  }

  [[noreturn]] static void refuse_twice(const std::string& option, const std::string& value) {
    throw InputError(fmt::format("--{} names {} twice: expected each once", option, value));
  }

  void scale_bandwidth(const std::vector<Rate>& rates) {
    for_all_series(chip_.shown, "", [&](PlannedSeries& series) {
      for (const Rate& rate : rates) {
        add(series, rate.label, rate.units, chip_.name, {{chip_.set_units(rate.units), "--bandwidth " + rate.label}},
            1);
      }
    });
  }

  /// `channels` (or MB/s): of the platform's own number of tiles.
  void scale_tiles(const std::string& fixed, std::int64_t channels) {
    const std::vector<std::int64_t> sizes = parse_sizes("tiles", arguments_.text("tiles"));
    for_all_series(chip_.shown, fixed, [&](PlannedSeries& series) {
      for (const std::int64_t size : sizes) {
        if (plan_.head.weak && size % sizes.front() != 0) {
          throw InputError(fmt::format("--tiles {}: --weak needs multiples of the smallest, {}", size, sizes.front()));
        }
        std::map<std::string, std::string> typed{
            {fmt::format("{}={} tiles", kTiles, size), fmt::format("--tiles {}", size)}};
        const std::int64_t mine = series.head.memory == "scaled"
                                      ? std::max<std::int64_t>(1, checked_mul(channels, size) / chip_.tiles)
                                      : channels;
        if (mine != chip_.units) {
          typed[chip_.set_units(mine)] = fixed.empty() ? fmt::format("--memory scaled with --tiles {}", size)
                                                       : fmt::format("--bandwidth {} with --tiles {}", fixed, size);
        }
        add(series, std::to_string(size), size, chip_.name, typed, plan_.head.weak ? size / sizes.front() : 1);
      }
    });
  }

  /// One series per state and memory, which `fill` fills.
  template <class Fill>
  void for_all_series(const std::string& platform, const std::string& fixed, Fill&& fill) {
    for (const std::string& memory : memories_) {
      for (const std::string& state : states_) {
        PlannedSeries series;
        series.head.platform = platform;
        series.head.state = state;
        series.head.memory = memory;
        series.head.fixed = fixed;
        fill(series);
        plan_.series.push_back(std::move(series));
      }
    }
  }

  /// `typed`: the settings of the point that axes make -> the axis as the user typed it.
  void add(PlannedSeries& series, const std::string& label, std::int64_t size, const std::string& platform,
           const std::map<std::string, std::string>& typed, std::int64_t batch) {
    const auto twin = [&](const PlannedPoint& point) { return point.label == label; };
    if (std::any_of(series.points.begin(), series.points.end(), twin)) refuse_twice("platforms", label);
    PlannedPoint point{label, size, common_};
    point.spec.platform = platform;
    point.spec.sets = sets_;
    for (const auto& [set, axis] : typed) point.spec.sets.push_back(set);
    if (series.head.memory == "ideal") point.spec.sets.emplace_back("memory.ideal=on");
    point.spec.options.initial_state = series.head.state;
    point.spec.options.batch = batch;
    point.spec.label = fmt::format("{}{}{} {}, memory {}, {}", series.head.fixed, series.head.fixed.empty() ? "" : ", ",
                                   plan_.head.axis, label, series.head.memory, series.head.state);
    point.spec.typed = typed;
    load_platform(platform, point.spec.sets, common_.options.precision, typed);
    series.points.push_back(std::move(point));
  }

  const Arguments& arguments_;
  std::vector<std::string> sets_;
  std::vector<std::string> states_;
  std::vector<std::string> memories_;
  PointSpec common_;
  Chip chip_;
  ScalingPlan plan_;
};

}  // namespace

ScalingPlan plan_scaling(const Arguments& arguments) { return Planner(arguments).take(); }

}  // namespace cyclescope::run
