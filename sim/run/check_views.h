// Views of one run against its estimates. Ratios and units are derived when printing.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/run/check.h"
#include "sim/run/views.h"

namespace cyclescope::run {

/// One of the two quantities of a check.
struct CheckedQuantity {
  const char* name = "";  ///< `latency`
  const char* unit = "";  ///< of the integers: `fs`
  const estimate::Split* split = nullptr;
  std::optional<std::int64_t> published;
  std::int64_t recomputed = 0;
};

/// Latency, then energy.
std::vector<CheckedQuantity> quantities(const Check& check);

/// `operators`: rows of the table of operators, those with the largest residuals; JSON and CSV have all of them.
std::string render(const Check& check, std::size_t operators, Format format);

/// The object of `--format json`, schema `cyclescope-check-1`.
nlohmann::ordered_json check_json(const Check& check);

/// A row per quantity and operator, then the total of each.
std::string check_csv(const Check& check);

/// For people.
std::string check_table(const Check& check, std::size_t operators);

/// `resnet50 on kpu-t64, int8, steady, batch 1`, and what --set changed.
std::string check_label(const results::RunResult& run);

/// `+12.3 %`; `-` for nothing.
std::string signed_percent(std::optional<double> ratio);

/// `+0.123`; `-` for nothing.
std::string signed_number(std::optional<double> value);

/// An optional number, null for nothing.
nlohmann::ordered_json json_number(std::optional<double> value);

}  // namespace cyclescope::run
