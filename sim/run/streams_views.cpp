#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/run/format.h"
#include "sim/run/streams.h"
#include "sim/run/version.h"

namespace cyclescope::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFemto = 1e15;
constexpr double kPercent = 100;

double seconds(Femtoseconds time) { return static_cast<double>(time) / kFemto; }

std::string to_json(const StreamsReport& report) {
  Json json{{"schema", "cyclescope-streams-1"},
            {"version", kVersion},
            {"platform", report.platform},
            {"model", report.model},
            {"precision", report.precision},
            {"precision_label", report.precision_label},
            {"initial_state", report.initial_state},
            {"overrides", Json::object()},
            {"streams", report.request.streams},
            {"fps", report.request.fps},
            {"period_s", seconds(report.request.period())},
            {"overlap", false},
            {"service_mean_s", report.mean_service() / kFemto},
            {"service_worst_s", seconds(report.worst_service())},
            {"latency_mean_s", report.mean_latency() / kFemto},
            {"latency_worst_s", seconds(report.worst_latency())},
            {"load", report.load()},
            {"streams_in_time", report.streams_in_time()},
            {"energy_fj_total", nullptr},
            {"frames", Json::array()}};
  for (const auto& [key, value] : report.overrides) json["overrides"][key] = value;
  for (std::size_t i = 0; i < report.served.size(); ++i) {
    const machine::ServedFrame& frame = report.served[i];
    json["frames"].push_back({{"stream", i % static_cast<std::size_t>(report.request.streams)},
                              {"arrival_fs", frame.arrival},
                              {"start_fs", frame.start},
                              {"end_fs", frame.end}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_csv(const StreamsReport& report) {
  std::string text = "stream,frame,arrival_fs,start_fs,end_fs,in_time\n";
  const auto streams = static_cast<std::size_t>(report.request.streams);
  for (std::size_t i = 0; i < report.served.size(); ++i) {
    const machine::ServedFrame& frame = report.served[i];
    const bool in_time = frame.end - frame.arrival <= report.request.period();
    text += fmt::format("{},{},{},{},{},{}\n", i % streams, i / streams, frame.arrival, frame.start, frame.end,
                        in_time ? "yes" : "no");
  }
  return text;
}

std::string verdict(const StreamsReport& report) {
  const std::int64_t in_time = report.streams_in_time();
  if (in_time == report.request.streams) return "yes, all of them";
  const char* grows = report.load() > 1 ? "; the queue grows with every period" : "";
  return fmt::format("no, {} of {}{}", in_time, report.request.streams, grows);
}

std::string to_table(const StreamsReport& report) {
  const auto time = [](double femtoseconds) { return duration(static_cast<Femtoseconds>(femtoseconds)); };
  TextTable table("<<");
  table.row({"frame alone", fmt::format("{} mean, {} worst, from its start to its last byte",
                                        time(report.mean_service()), duration(report.worst_service()))});
  table.row({"frame latency", fmt::format("{} mean, {} worst, from its arrival, queueing included",
                                          time(report.mean_latency()), duration(report.worst_latency()))});
  const double demand = report.load() * kPercent;
  table.row({"machine busy", fmt::format("{:.1f} % of the time", std::min(demand, kPercent))});
  if (demand > kPercent) table.row({"demand", fmt::format("{:.1f} % of what the machine can serve", demand)});
  table.row(
      {"streams that meet their period", fmt::format("{} ({})", verdict(report), duration(report.request.period()))});
  table.row({"energy", "not modelled for streams; run without --streams has that of one inference"});
  return fmt::format(
      "{} on {}, {} ({}), {} state: {} of {} frames/s, {} of each; cyclescope {}\n{}\nSimulated\n{}\n"
      "All cameras are triggered at the same instant and served in turn. Frames do not overlap on this machine: "
      "each waits\nuntil the one before it has come to rest.\n",
      report.model, report.platform, report.precision, report.precision_label, report.initial_state,
      plural(report.request.streams, "stream"), plain(report.request.fps), plural(report.request.frames, "frame"),
      kVersion, changed(report.overrides), table.text("  "));
}

}  // namespace

std::string render(const StreamsReport& report, Format format) {
  switch (format) {
    case Format::json:
      return to_json(report);
    case Format::csv:
      return to_csv(report);
    case Format::table:
      break;
  }
  return to_table(report);
}

}  // namespace cyclescope::run
