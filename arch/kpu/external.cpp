#include "arch/kpu/external.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/checked.h"
#include "sim/base/error.h"

namespace cyclescope::kpu {

std::int64_t ExternalMemory::Stretch::take(std::int64_t room) {
  if (next + room > bytes) next = 0;
  const std::int64_t at = begin + next;
  next += room;
  return at;
}

std::int64_t ExternalMemory::aligned(std::int64_t bytes) const { return round_up(bytes, alignment_); }

std::int64_t ExternalMemory::allocate(std::int64_t bytes) {
  align();
  const std::int64_t address = end_;
  end_ += aligned(bytes);
  return address;
}

std::int64_t ExternalMemory::append(std::int64_t bytes) {
  const std::int64_t address = end_;
  end_ += bytes;
  return address;
}

void ExternalMemory::set_results(std::int32_t index, std::int64_t begin) {
  results_[static_cast<std::size_t>(index)] = {begin, end_ - begin, 0};
}

std::int64_t ExternalMemory::read_weights(const LoweredOp& op) {
  Stretch& stretch = weights_[&op];
  if (stretch.bytes == 0) {
    stretch.bytes = aligned(op.weight_bytes) + op.grid_n * static_cast<std::int64_t>(op.slices.size()) * alignment_;
    stretch.begin = allocate(stretch.bytes);
  }
  return stretch.take(aligned(op.weights.slot_bytes));
}

std::int64_t ExternalMemory::read_edge(const LoweredOp& op, const InputEdge& edge, std::int64_t bytes) {
  std::vector<Source>& sources = sources_[&edge];
  if (sources.empty()) sources = list_sources(op, edge);
  const auto behind = [](const Source& a, const Source& b) {
    return Int128{a.read} * b.elements < Int128{b.read} * a.elements;
  };
  Source& next = *std::min_element(sources.begin(), sources.end(), behind);
  next.read += bytes;
  if (bytes > next.stretch->bytes) {
    throw NotModelled(fmt::format("{} '{}' reads {} B at once of a spilled operand of {} B", op.type, op.name, bytes,
                                  next.stretch->bytes));
  }
  return next.stretch->take(bytes);
}

std::vector<ExternalMemory::Source> ExternalMemory::list_sources(const LoweredOp& op, const InputEdge& edge) {
  std::vector<Source> sources;
  for (const Piece& piece : edge.pieces) {
    Stretch& stretch = piece.producer >= 0 ? results_[static_cast<std::size_t>(piece.producer)] : given_[&edge];
    const auto same = [&](const Source& source) { return source.stretch == &stretch; };
    auto source = std::find_if(sources.begin(), sources.end(), same);
    if (source == sources.end()) source = sources.insert(source, {&stretch, 0, 0});
    source->elements += piece.source.elements();
  }
  for (Source& source : sources) {
    if (source.stretch->bytes > 0) continue;  // stored
    source.stretch->bytes = aligned(std::max(source.elements * op.frames * edge.element_bytes, edge.stream.slot_bytes));
    source.stretch->begin = allocate(source.stretch->bytes);
  }
  return sources;
}

}  // namespace cyclescope::kpu
