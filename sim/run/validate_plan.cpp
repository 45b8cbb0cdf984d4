#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include "sim/base/error.h"
#include "sim/base/suggest.h"
#include "sim/run/directories.h"
#include "sim/run/platforms.h"
#include "sim/run/validate.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string file_line(const Measured& tables, const char* name, int line) {
  return fmt::format("{}:{}", (fs::path(tables.directory) / name).string(), line);
}

/// Throws InputError for a platform that neither is there nor has measurements.
void check_platform(const std::string& platform, const Measured& tables) {
  std::vector<std::string> known = platform_names();
  for (const PlatformRule& rule : tables.platforms) {
    if (!contains(known, rule.simulated_as)) known.push_back(rule.simulated_as);
  }
  if (contains(known, platform)) return;
  std::sort(known.begin(), known.end());
  throw InputError(fmt::format("unknown platform '{}'{}; expected one of {}", platform, suggestion(platform, known),
                               fmt::join(known, ", ")));
}

/// `INT8 (w8a8)`: the first word; nothing when that is no precision.
std::optional<Precision> precision_of(const std::string& text) {
  try {
    return parse_precision(text.substr(0, text.find(' ')));
  } catch (const InputError&) {
    return std::nullopt;
  }
}

/// 0 when the text is no number of frames.
std::int64_t batch_of(const std::string& text) {
  std::int64_t batch = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), batch);
  return error == std::errc() && end == text.data() + text.size() && batch > 0 ? batch : 0;
}

/// NCHW of one frame, as rows write it: `224x224x3`.
std::string shape_text(const workloads::Shape& shape) {
  constexpr std::size_t kRank = 4;
  if (shape.size() != kRank) return fmt::format("{}", fmt::join(shape, "x"));
  return fmt::format("{}x{}x{}", shape[2], shape[3], shape[1]);
}

/// Input shapes of traces, each read once.
class Inputs {
 public:
  explicit Inputs(const Measured& tables) : tables_(tables) {}

  /// Throws InputError when the trace of the rule is not there or does not take what the rule says.
  void check(const NetworkRule& rule) {
    const auto at = [&] { return file_line(tables_, "networks.csv", rule.line); };
    std::string& shape = shapes_[rule.trace];
    if (shape.empty()) {
      try {
        const traces::Trace trace = traces::read(traces::resolve_model(rule.trace, library_directory()));
        shape = shape_text(trace.graph.tensors[trace.graph.inputs.at(0)].shape);
      } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", at(), error.what()));
      }
    }
    if (rule.input_shape.empty() || shape == rule.input_shape) return;
    throw InputError(fmt::format("{}: input_shape = '{}'; expected {}, the input of trace {}", at(), rule.input_shape,
                                 shape, rule.trace));
  }

 private:
  const Measured& tables_;
  std::map<std::string, std::string> shapes_;
};

/// Why the row cannot be simulated on any platform; empty: it can.
std::string obstacle(const Measurement& row, const PlatformRule& rule, const NetworkRule* network, std::int64_t batch) {
  if (!rule.reason.empty()) return rule.reason;
  if (!simulated_value(row.metric, {})) return fmt::format("metric {} is not compared", row.metric);
  if (network == nullptr) return "network not built by torchvision";
  if (!precision_of(row.precision)) return fmt::format("precision '{}' is not modelled", row.precision);
  if (batch == 0) return fmt::format("batch '{}' is not stated as a number of frames", row.batch);
  return "";
}

/// Why a row that is simulated does not count; empty: it does. Throws InputError.
std::string uncounted(const Measurement& row, const NetworkRule& network, const Platform& platform,
                      const Measured& tables) {
  if (!network.counted) return "another network: " + network.remark;
  for (const std::string& key : row.fitted_by) {
    const auto setting = platform.settings.all().find(key);
    if (setting == platform.settings.all().end()) {
      throw InputError(fmt::format("{}: fitted_by = '{}'; expected settings of {}",
                                   file_line(tables, "measured.csv", row.line), key, platform.name));
    }
    if (setting->second.confidence == "fitted") return fmt::format("{} was fitted to it", key);
  }
  return "";
}

PointSpec point_of(const ValidatedRow& row, const std::string& platform, const PlatformRule& rule) {
  PointSpec point{platform, row.network, rule.sets, {}, row_label(row)};
  point.options.precision = *precision_of(row.measured.precision);
  point.options.batch = row.batch;
  return point;
}

}  // namespace

ValidationPlan plan_validation(const std::string& platform, const std::string& model) {
  const Measured tables = read_measured(measured_directory());
  check_platform(platform, tables);
  const bool there = contains(platform_names(), platform);
  Inputs inputs(tables);
  ValidationPlan plan{platform, {}};
  std::set<std::string> models;
  for (const Measurement& measured : tables.rows) {
    const PlatformRule& rule = tables.platform_of(measured);
    if (rule.simulated_as != platform) continue;
    const NetworkRule* network = tables.network_of(measured);
    const std::string trace = network == nullptr ? "" : network->trace;
    models.insert(measured.model);
    if (!trace.empty()) models.insert(trace);
    if (!model.empty() && model != measured.model && model != trace) continue;
    PlannedValidation planned;
    ValidatedRow& row = planned.row;
    row.measured = measured;
    row.network = trace;
    row.remark = network == nullptr ? "" : network->remark;
    row.batch = batch_of(measured.batch);
    row.reason = obstacle(measured, rule, network, row.batch);
    if (row.reason.empty()) {
      inputs.check(*network);
      row.status = ValidationStatus::waiting;
      row.reason = fmt::format("waiting for a platform: {} is not modelled yet", platform);
      if (there) {
        row.uncounted = uncounted(measured, *network, load_platform(platform, rule.sets), tables);
        planned.point = point_of(row, platform, rule);
      }
    }
    plan.rows.push_back(std::move(planned));
  }
  if (!model.empty() && models.count(model) == 0) {
    const std::vector<std::string> known(models.begin(), models.end());
    throw InputError(fmt::format("--model '{}'{}: no measurement of {}; expected one of {}", model,
                                 suggestion(model, known), platform, fmt::join(known, ", ")));
  }
  return plan;
}

}  // namespace cyclescope::run
