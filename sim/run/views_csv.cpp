#include <fmt/format.h>

#include <set>

#include "sim/run/format.h"
#include "sim/run/views.h"

namespace cyclescope::run {

std::string to_csv(const results::RunResult& result) {
  std::set<std::string> causes;
  for (const auto& entry : result.critical_path) causes.insert(entry.first);
  for (const results::OperatorResult& op : result.operators) {
    for (const auto& entry : op.exposed) causes.insert(entry.first);
  }
  std::string text = "name,type,precision_label,start_cycle,end_cycle,macs,dram_bytes,bound,exposed_cycles";
  for (const std::string& cause : causes) text += ",exposed." + csv_cell(cause);
  text += "\n";
  for (const results::OperatorResult& op : result.operators) {
    std::int64_t exposed = 0;
    std::string by_cause;
    for (const std::string& cause : causes) {
      const auto found = op.exposed.find(cause);
      const std::int64_t cycles = found == op.exposed.end() ? 0 : found->second;
      exposed += cycles;
      by_cause += fmt::format(",{}", cycles);
    }
    text += fmt::format("{},{},{},{},{},{},{},{},{}{}\n", csv_cell(op.name), csv_cell(op.type),
                        csv_cell(op.precision_label), op.start_cycle, op.end_cycle, op.macs, op.dram_bytes,
                        csv_cell(op.bound), exposed, by_cause);
  }
  return text;
}

}  // namespace cyclescope::run
