// Activations that go through external memory: where their deliveries are read.
#include <algorithm>
#include <map>

#include "tests/kpu/support.h"
#include "tests/workloads/small_networks.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

/// Where the results of an operator lie in external memory.
Range stored_by(const Program& program, std::int32_t index) {
  Range range{INT64_MAX, 0};
  for (const auto& tile : program.outputs[static_cast<std::size_t>(index)]) {
    for (const BlockOutput& block : tile) {
      for (const Segment& segment : block.segments) {
        if (!segment.store) continue;
        range.begin = std::min(range.begin, segment.address);
        range.end = std::max(range.end, segment.address + segment.bytes);
      }
    }
  }
  return range;
}

/// Loads of a stream.
std::vector<Load> loads_of(const Program& program, const Stream& stream) {
  std::vector<Load> found;
  for (const auto& engine : program.loads) {
    for (const Load& load : engine) {
      const bool mine =
          load.token >= stream.first_token && load.token < stream.first_token + stream.lanes * stream.length;
      if (mine) found.push_back(load);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("a spilled concatenation is read from what each of its producers stored, in proportion") {
  int concatenations = 0;
  for (const Case& c : cases()) {
    for (const LoweredOp& op : c.program.ops) {
      for (const InputEdge& edge : op.inputs) {
        if (!edge.stream.used) continue;
        std::map<std::int32_t, std::int64_t> elements;  // [producer] of the edge
        for (const Piece& piece : edge.pieces) elements[piece.producer] += piece.source.elements();
        if (elements.size() < 2 || elements.begin()->first < 0) continue;
        ++concatenations;
        INFO(c.name << ", " << op.name);
        std::int64_t all = 0;
        std::int64_t all_read = 0;
        std::map<std::int32_t, std::int64_t> read;
        for (const Load& load : loads_of(c.program, edge.stream)) {
          all_read += load.bytes;
          int places = 0;
          for (const auto& [producer, count] : elements) {
            const Range range = stored_by(c.program, producer);
            if (load.address < range.begin || load.address >= range.end) continue;
            read[producer] += load.bytes;
            ++places;
          }
          REQUIRE(places == 1);
          REQUIRE(load.stored == elements.rbegin()->first);
        }
        for (const auto& [producer, count] : elements) all += count;
        for (const auto& [producer, count] : elements) {  // to a delivery of each producer
          const auto slack = static_cast<std::int64_t>(elements.size()) * edge.stream.slot_bytes * all;
          REQUIRE(std::abs(read[producer] * all - all_read * count) <= slack);
          REQUIRE(read[producer] > 0);
        }
      }
    }
  }
  REQUIRE(concatenations > 0);
}

TEST_CASE("a spilled input of the graph is as large in external memory as its reader takes it") {
  workloads::SmallNet net;  // the first operator is a view, which has no precision of its own
  const TensorId cut = net.slice(net.input({1, 40, 12, 12}), 1, 4, 32);
  const Graph graph = net.finish("cut", net.convolution(cut, 8, 3));
  const Case c = lowered("cut", small_chip({"l2.capacity=2 KiB", "l3.capacity=4 KiB", "lowering.weight_window=64 B"}),
                         graph, {Precision::bf16, 2});
  const LoweredOp& op = c.program.ops.back();
  REQUIRE(c.program.ops.front().kind == OpKind::view);
  REQUIRE(op.inputs.front().stream.used);
  Range places{INT64_MAX, 0};
  std::int64_t bytes = 0;
  for (const Load& load : loads_of(c.program, op.inputs.front().stream)) {
    places.begin = std::min(places.begin, load.address);
    places.end = std::max(places.end, load.address + load.bytes);
    bytes += load.bytes;
  }
  const std::int64_t tensor = 2 * 32 * 12 * 12 * 2;  // 2 frames of 32 channels of 12 x 12, 2 B each
  REQUIRE(bytes >= tensor);                          // halos of windows come again
  REQUIRE(places.size() >= tensor - c.config.load_alignment);
  REQUIRE(places.size() <= tensor + c.config.load_alignment);
}

TEST_CASE("parameters that are read as activations take L3 from the operator before their reader on") {
  workloads::SmallNet net;
  TensorId x = net.linear(net.input({1, 16, 32}), 32);
  for (int layer = 0; layer < 3; ++layer) x = net.linear(x, 32);
  const Graph graph = net.finish("late", net.layer_norm(x));
  const Case c = lowered("late", small_chip({"l2.capacity=8 KiB", "l3.capacity=64 KiB"}), graph);
  workloads::SmallNet other;
  x = other.linear(other.input({1, 16, 32}), 32);
  for (int layer = 0; layer < 3; ++layer) x = other.linear(x, 32);
  const Case without = lowered("none", c.config, other.finish("none", x));
  REQUIRE(c.program.ops.size() == 5);
  std::int64_t constants = 0;
  for (const InputEdge& edge : c.program.ops.back().inputs) {
    if (edge.role == EdgeRole::per_channel) ++constants;
  }
  REQUIRE(constants > 0);
  for (std::size_t i = 0; i < 3; ++i) CHECK(c.program.ops[i].l3_peak == without.program.ops[i].l3_peak);
  CHECK(c.program.ops[3].l3_peak > without.program.ops[3].l3_peak);
}
