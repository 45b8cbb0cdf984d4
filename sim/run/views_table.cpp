#include <fmt/format.h>

#include <algorithm>

#include "sim/base/checked.h"
#include "sim/run/format.h"
#include "sim/run/path_tables.h"
#include "sim/run/views.h"

namespace cyclescope::run {
namespace {

constexpr const char* kIndent = "  ";
constexpr double kFemto = 1e15;

double ratio(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

std::string headline(const results::RunResult& result) {
  return fmt::format("{} on {}, {} ({}), batch {}, {} state; cyclescope {}\n", result.model, result.platform,
                     result.precision, result.precision_label, result.batch, result.initial_state, result.version) +
         changed(result.overrides);
}

/// `dram 70.0 %, mac 20.0 %`, largest first, a few to a line.
std::vector<std::string> energy_shares(const results::RunResult& result) {
  constexpr std::size_t kPerLine = 6;
  std::vector<std::pair<std::int64_t, std::string>> parts;
  for (const auto& [component, femtojoules] : result.energy_fj) parts.emplace_back(femtojoules, component);
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::int64_t> values;
  values.reserve(parts.size());
  for (const auto& part : parts) values.push_back(part.first);
  const std::vector<std::int64_t> shares = permille(values, result.total_energy_fj());
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = fmt::format("{} {}", parts[i].second, percent(shares[i]));
    if (i % kPerLine == 0) {
      lines.push_back(part);
    } else {
      lines.back() += ", " + part;
    }
  }
  return lines;
}

void add_energy(const results::RunResult& result, TextTable& table) {
  table.row({"energy", engineering(static_cast<double>(result.total_energy_fj()) / kFemto, "J")});
  if (result.total_energy_fj() > 0) {
    for (const std::string& line : energy_shares(result)) table.row({"", line});
  }
  if (result.host_energy_fj != 0) {
    table.row({"host energy", engineering(static_cast<double>(result.host_energy_fj) / kFemto, "J") + ", apart"});
  }
  if (result.makespan > 0)
    table.row({"average power", engineering(ratio(result.total_energy_fj(), result.makespan), "W")});
}

std::string utilisation(const results::RunResult& result) {
  if (result.peak_macs_per_second == 0) return "no MAC array";
  constexpr std::int64_t kPpmPerTenth = 1000;
  return fmt::format("{} of the MACs that all arrays could do in the latency (peak {})",
                     percent((result.utilisation_ppm() + kPpmPerTenth / 2) / kPpmPerTenth),
                     engineering(static_cast<double>(result.peak_macs_per_second), "MAC/s"));
}

void add_memory(const results::RunResult& result, TextTable& table) {
  const std::int64_t dram = checked_add(result.dram_read_bytes, result.dram_write_bytes);
  const std::int64_t host = checked_add(result.host_read_bytes, result.host_write_bytes);
  const std::int64_t moved = checked_add(dram, host);
  table.row({"DRAM", fmt::format("{} read, {} written", byte_count(result.dram_read_bytes),
                                 byte_count(result.dram_write_bytes))});
  if (host != 0) {
    table.row({"host link", fmt::format("{} read, {} written", byte_count(result.host_read_bytes),
                                        byte_count(result.host_write_bytes))});
  }
  std::string compulsory = byte_count(result.compulsory_bytes);
  if (result.compulsory_bytes > 0) {
    compulsory += fmt::format("; moved {:.2f} x as many", ratio(moved, result.compulsory_bytes));
  }
  table.row({"compulsory bytes", compulsory});
  table.row({"memory needed", fmt::format("{} at once, {}", byte_count(result.peak_memory_bytes),
                                          result.fits ? "fits" : "does not fit")});
}

std::string simulated(const results::RunResult& result) {
  TextTable table("<<");
  table.row({"latency", fmt::format("{}, {} at {}", duration(result.makespan), plural(result.cycles, "cycle"),
                                    frequency(result.clock_hz))});
  if (result.host_overhead != 0) {
    table.row({"host overhead", duration(result.host_overhead) + " before the start, not in the latency"});
  }
  if (result.makespan > 0) {
    table.row({"throughput", plain(result.frames_per_second()) + " frames/s"});
  }
  if (result.initiation_interval > 0) {
    constexpr std::int64_t kHundredths = 100;
    table.row({"interval", fmt::format("{} from frame to frame; {:.2f} frames in flight",
                                       duration(result.initiation_interval),
                                       ratio(result.frames_in_flight, kHundredths))});
  }
  add_energy(result, table);
  table.row({"MACs", fmt::format("{} executed on arrays, {} in the trace", grouped(result.macs_executed),
                                 grouped(result.macs))});
  table.row({"utilisation", utilisation(result)});
  add_memory(result, table);
  return "Simulated\n" + table.text(kIndent);
}

std::string estimated(const results::RunResult& result) {
  TextTable table("<<");
  std::string text = fmt::format("{}, bound by {}", duration(result.roofline), result.roofline_bound);
  if (result.roofline > 0) {
    text += fmt::format("; the simulated latency is {:.2f} x that", ratio(result.makespan, result.roofline));
  }
  table.row({"roofline", text});
  return "Estimated lower bound\n" + table.text(kIndent);
}

std::string laws(const results::RunResult& result) {
  const auto broken =
      std::count_if(result.laws.begin(), result.laws.end(), [](const results::LawResult& law) { return !law.holds; });
  std::string text = fmt::format("Laws: {} checked, {}\n", result.laws.size(),
                                 broken == 0 ? "all hold" : fmt::format("{} BROKEN", broken));
  for (const results::LawResult& law : result.laws) {
    if (!law.holds) text += fmt::format("{}BROKEN {}: {}\n", kIndent, law.name, law.detail);
  }
  return text;
}

}  // namespace

std::string changed(const std::map<std::string, std::string>& overrides) {
  if (overrides.empty()) return {};
  std::string text;
  bool hypothetical = false;
  for (const auto& [key, value] : overrides) {
    text += (text.empty() ? "" : ", ") + key + " = " + value;
    hypothetical = hypothetical || (key == "memory.ideal" && value != "off") || (key == "sim.ideal" && value != "none");
  }
  return fmt::format("changed: {}{}\n", text, hypothetical ? " (hypothetical machine)" : "");
}

std::string to_table(const results::RunResult& result) {
  constexpr std::size_t kOperators = 10;
  return headline(result) + "\n" + simulated(result) + "\n" + estimated(result) +
         "\nWhere the cycles went (critical path, simulated)\n" + cause_table(result) +
         "\nOperators with most exposed cycles (their share of the critical path, whatever ran beside them)\n" +
         operator_table(result, kOperators) + "\n" + laws(result);
}

}  // namespace cyclescope::run
