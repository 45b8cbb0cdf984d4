// From indices to rows: the rows that an operand's elements lie in, and the narrowest RowMap that covers them.
#include <algorithm>
#include <numeric>
#include <optional>

#include "arch/hailo/row_access.h"

namespace cyclescope::hailo {
namespace {

/// floor(a / b), b > 0.
std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// Inclusive.
struct Span {
  std::int64_t low = 0, high = 0;
};

/// Axes of the output that count rows, slowest first.
std::vector<std::size_t> row_axes(const std::vector<Axis>& out) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].size > 1 && out[i].step.num > 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return out[a].step.num > out[b].step.num; });
  return order;
}

/// Indices of the output's axes that row r covers.
std::vector<Span> indices_of(const std::vector<Axis>& out, const std::vector<std::size_t>& order, std::int64_t r) {
  std::vector<Span> spans;
  for (const Axis& axis : out) spans.push_back({0, axis.size - 1});
  for (const std::size_t axis : order) {
    const std::int64_t index = r / out[axis].step.num;
    spans[axis] = {index, index};
    r %= out[axis].step.num;
  }
  return spans;
}

/// Rows of the producer, not cut to what is there.
Span rows_taken(const TensorRows& operand, const std::vector<AxisUse>& uses, const std::vector<Span>& indices) {
  Ratio low = operand.base;
  Ratio high = operand.base;
  for (std::size_t i = 0; i < operand.axes.size(); ++i) {
    Span span{0, operand.axes[i].size - 1};
    const AxisUse& use = uses[i];
    if (use.out >= 0) {
      const Span& index = indices[static_cast<std::size_t>(use.out)];
      span.low = (Ratio(index.low) * use.scale).floor() - use.before;
      span.high = (Ratio(index.high) * use.scale).floor() - use.before + use.extent - 1;
    }
    low = low + operand.axes[i].step * Ratio(span.low);
    high = high + operand.axes[i].step * Ratio(span.high);
  }
  return {low.floor(), high.floor()};
}

/// The narrowest map of that stride that covers every span.
RowMap cover(const std::vector<Span>& spans, const Ratio& stride, std::int64_t rows) {
  RowMap map;
  map.numerator = stride.num;
  map.denominator = stride.den;
  map.rows = rows;
  for (std::size_t r = 0; r < spans.size(); ++r) {
    const std::int64_t start = floor_div(static_cast<std::int64_t>(r) * stride.num, stride.den);
    const std::int64_t before = start - spans[r].low;
    map.before = r == 0 ? before : std::max(map.before, before);
  }
  for (std::size_t r = 0; r < spans.size(); ++r) {
    const std::int64_t start = floor_div(static_cast<std::int64_t>(r) * stride.num, stride.den) - map.before;
    map.extent = std::max(map.extent, spans[r].high - start + 1);
  }
  return map;
}

bool takes_all(const RowMap& map, std::int64_t readers) {
  return map.last(0) == map.rows - 1 && map.first(readers - 1) == 0;
}

RowMap whole(std::int64_t rows) {
  RowMap map;
  map.whole = true;
  map.rows = rows;
  map.extent = rows;
  return map;
}

}  // namespace

Ratio::Ratio(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t common = std::max<std::int64_t>(1, std::gcd(numerator, denominator));
  num = numerator / common;
  den = denominator / common;
}

std::int64_t Ratio::floor() const { return floor_div(num, den); }

std::int64_t RowMap::first(std::int64_t r) const {
  if (whole) return 0;
  return std::clamp<std::int64_t>(floor_div(r * numerator, denominator) - before, 0, rows - 1);
}

std::int64_t RowMap::last(std::int64_t r) const {
  if (whole) return rows - 1;
  return std::clamp<std::int64_t>(floor_div(r * numerator, denominator) - before + extent - 1, 0, rows - 1);
}

std::vector<AxisUse> element_wise(const std::vector<Axis>& operand, const std::vector<Axis>& out) {
  std::vector<AxisUse> uses(operand.size());
  const std::size_t shift = out.size() - operand.size();
  for (std::size_t i = 0; i < operand.size(); ++i) {
    if (operand[i].size == out[i + shift].size) uses[i].out = static_cast<int>(i + shift);
  }
  return uses;
}

RowMap map_of(const TensorRows& operand, const std::vector<AxisUse>& uses, const std::vector<Axis>& out) {
  if (operand.scattered) return whole(operand.rows);
  const std::int64_t readers = rows_of(out);
  const std::vector<std::size_t> order = row_axes(out);
  std::vector<Span> spans;
  for (std::int64_t r = 0; r < readers; ++r) spans.push_back(rows_taken(operand, uses, indices_of(out, order, r)));
  // Strides to try: what the spans step by from end to end, and the proportion of rows to rows.
  std::vector<Ratio> strides{Ratio(operand.rows, readers)};
  if (readers > 1) {
    strides.insert(strides.begin(), Ratio(spans.back().low - spans.front().low, readers - 1));
    strides.emplace_back(spans.back().high - spans.front().high, readers - 1);
  }
  std::optional<RowMap> best;
  for (const Ratio& stride : strides) {
    if (stride.num < 0) continue;
    const RowMap map = cover(spans, stride, operand.rows);
    if (!best || map.extent < best->extent) best = map;
  }
  return takes_all(*best, readers) ? whole(operand.rows) : *best;
}

}  // namespace cyclescope::hailo
