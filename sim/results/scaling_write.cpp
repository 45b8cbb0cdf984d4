#include <fmt/format.h>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/results/hdf5.h"
#include "sim/results/layout.h"
#include "sim/results/scaling_series.h"

namespace cyclescope::results {
namespace {

/// Columns of one table, filled row by row.
class Columns {
 public:
  Columns(hdf5::ImageWriter& image, std::string group) : image_(image), group_(std::move(group)) {}

  /// One value per row; `value(row)` gives an integer or a string.
  template <class Row, class Value>
  void add(const std::string& name, const std::vector<Row>& rows, Value&& value) {
    if constexpr (std::is_convertible_v<decltype(value(rows.front())), std::string>) {
      std::vector<std::string> values;
      for (const Row& row : rows) values.push_back(value(row));
      image_.strings(group_ + "/" + name, values);
    } else {
      hdf5::Matrix values{rows.size(), 1, {}};
      for (const Row& row : rows) values.values.push_back(value(row));
      image_.integers(group_ + "/" + name, values);
    }
  }

  template <class Row, class Value>
  void causes(const std::string& name, const std::vector<Row>& rows, Value&& value) {
    hdf5::Matrix values{rows.size(), kScalingCauses, {}};
    for (const Row& row : rows) values.values.insert(values.values.end(), value(row).begin(), value(row).end());
    image_.integers(group_ + "/" + name, values);
  }

 private:
  hdf5::ImageWriter& image_;
  std::string group_;
};

/// A point and the index of its series.
struct PointRow {
  std::int64_t series = 0;
  const ScalingPoint* point = nullptr;
};

std::int64_t or_none(const std::optional<std::size_t>& index) {
  return index ? static_cast<std::int64_t>(*index) : std::int64_t{-1};
}

void add_series(hdf5::ImageWriter& image, const std::vector<ScalingSeries>& series) {
  Columns columns(image, "/series");
  columns.add("platform", series, [](const ScalingSeries& row) { return row.platform; });
  columns.add("state", series, [](const ScalingSeries& row) { return row.state; });
  columns.add("memory", series, [](const ScalingSeries& row) { return row.memory; });
  columns.add("fixed", series, [](const ScalingSeries& row) { return row.fixed; });
  columns.add("knee", series, [](const ScalingSeries& row) { return or_none(row.knee); });
  columns.add("pays_until", series, [](const ScalingSeries& row) { return or_none(row.last); });
}

void add_points(hdf5::ImageWriter& image, const std::vector<PointRow>& rows) {
  Columns columns(image, "/points");
  columns.add("series", rows, [](const PointRow& row) { return row.series; });
  columns.add("label", rows, [](const PointRow& row) { return row.point->label; });
  columns.add("size", rows, [](const PointRow& row) { return row.point->size; });
  columns.add("mesh_width", rows, [](const PointRow& row) { return row.point->mesh_width; });
  columns.add("mesh_height", rows, [](const PointRow& row) { return row.point->mesh_height; });
  columns.add("work", rows, [](const PointRow& row) { return row.point->work; });
  columns.add("makespan_fs", rows, [](const PointRow& row) { return row.point->makespan; });
  columns.add("cycles", rows, [](const PointRow& row) { return row.point->cycles; });
  columns.add("clock_hz", rows, [](const PointRow& row) { return row.point->clock_hz; });
  columns.add("energy_fj", rows, [](const PointRow& row) { return row.point->energy_fj; });
  columns.add("arrays", rows, [](const PointRow& row) { return row.point->slots.arrays; });
  columns.add("slots_per_cycle", rows, [](const PointRow& row) { return row.point->slots.slots_per_cycle; });
  columns.add("slots", rows, [](const PointRow& row) { return row.point->slots.all; });
  columns.add("useful_slots", rows, [](const PointRow& row) { return row.point->slots.useful; });
  columns.causes("lost_slots", rows, [](const PointRow& row) -> const CauseSlots& { return row.point->slots.lost; });
  columns.add("efficiency_denominator", rows, [](const PointRow& row) { return row.point->lost.denominator; });
  columns.add("efficiency_lost", rows, [](const PointRow& row) { return row.point->lost.lost; });
  columns.causes("efficiency_terms", rows,
                 [](const PointRow& row) -> const CauseSlots& { return row.point->lost.terms; });
}

std::vector<std::string> cause_keys() {
  std::vector<std::string> keys;
  for (std::size_t cause = 0; cause < kScalingCauses; ++cause) keys.emplace_back(key(static_cast<ScalingCause>(cause)));
  return keys;
}

std::string encode(const std::vector<std::pair<std::string, std::string>>& attributes,
                   const std::vector<ScalingSeries>& series) {
  try {
    hdf5::ImageWriter image;
    for (const auto& [name, value] : attributes) image.attribute(name, value);
    image.strings("/causes", cause_keys());
    std::vector<PointRow> rows;
    for (const ScalingSeries& one : series) {
      for (const ScalingPoint& point : one.points) rows.push_back({&one - series.data(), &point});
    }
    add_series(image, series);
    add_points(image, rows);
    return image.image();
  } catch (const hdf5::Fault& fault) {
    throw InternalError(fmt::format("scaling: {}", fault.what()));
  }
}

}  // namespace

void write_scaling(const std::vector<std::pair<std::string, std::string>>& attributes,
                   const std::vector<ScalingSeries>& series, const std::string& path) {
  const std::string body = encode(attributes, series);
  AtomicFile file(path);
  file.write(header("cyclescope-scaling-1", body));
  file.write(body);
  file.commit();
}

}  // namespace cyclescope::results
