#include "sim/estimate/operator_lists.h"

#include <fmt/format.h>

#include <filesystem>

#include "sim/base/checked.h"
#include "sim/estimate/csv.h"

namespace cyclescope::estimate {
namespace {

std::string path_in(const std::string& directory, const char* name) {
  return (std::filesystem::path(directory) / name).string();
}

void read_operator(const CsvRow& row, std::map<std::string, BranesWorkload>& workloads) {
  const auto found = workloads.find(row.text("model"));
  if (found == workloads.end()) row.refuse("model", "a model of models.csv");
  std::vector<OperatorCount>& operators = found->second.operators;
  if (row.count("index") != static_cast<std::int64_t>(operators.size())) {
    row.refuse("index", fmt::format("{}, the next of {}", operators.size(), found->first));
  }
  if (row.text("type").empty()) row.refuse("type", "a type of operator");
  OperatorCount one{
      {}, row.text("type"), row.count("macs"), row.count("ops"), row.count("input_bytes"), row.count("output_bytes")};
  if (one.ops / 2 < one.macs) row.refuse("ops", "at least two operations per MAC");
  operators.push_back(std::move(one));
}

/// Throws unless the operators add up to the totals of the model.
void check_totals(const CsvRow& model, const BranesWorkload& workload) {
  std::int64_t macs = 0;
  std::int64_t ops = 0;
  for (const OperatorCount& one : workload.operators) {
    macs = checked_add(macs, one.macs);
    ops = checked_add(ops, one.ops);
  }
  const auto check = [&](const char* column, std::int64_t sum) {
    if (model.count(column) != sum) model.refuse(column, fmt::format("{}, the sum in operators.csv", sum));
  };
  check("operators", static_cast<std::int64_t>(workload.operators.size()));
  check("macs", macs);
  check("ops", ops);
}

}  // namespace

std::map<std::string, BranesWorkload> read_operator_lists(const std::string& directory) {
  const std::vector<std::string> model_columns{"model", "parameters", "operators", "macs", "ops"};
  const std::vector<std::string> columns{"model", "index", "type", "macs", "ops", "input_bytes", "output_bytes"};
  const std::vector<CsvRow> models = read_csv(path_in(directory, "models.csv"), model_columns);
  std::map<std::string, BranesWorkload> workloads;
  for (const CsvRow& row : models) {
    const std::string& model = row.text("model");
    if (model.empty() || workloads.count(model) != 0) row.refuse("model", "every model once");
    workloads[model].model = model;
    workloads[model].parameters = row.count("parameters");
  }
  for (const CsvRow& row : read_csv(path_in(directory, "operators.csv"), columns)) read_operator(row, workloads);
  for (const CsvRow& row : models) check_totals(row, workloads.at(row.text("model")));
  return workloads;
}

}  // namespace cyclescope::estimate
