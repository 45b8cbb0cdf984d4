// The rows of `explain --mapping`, for layers of ResNet-50 computed by hand: blocks of 32 x 32 on 64 tiles.
#include <algorithm>

#include "arch/kpu/family.h"
#include "tests/kpu/support.h"
#include "workloads/cost.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

std::vector<machine::MappingRow> rows(const std::string& split = "off") {
  return family().mapping(library("resnet50"), settings({"lowering.k_split=" + split}), machine::RunOptions{});
}

machine::MappingRow row(const std::string& name) {
  for (const machine::MappingRow& candidate : rows()) {
    if (candidate.name == name) return candidate;
  }
  FAIL("no row " << name);
  return {};
}

}  // namespace

TEST_CASE("layer1.0.conv2: 56x56 pixels, 64 to 64 channels, 3x3") {
  const machine::MappingRow r = row("/layer1/layer1.0/conv2/Conv");
  CHECK(r.type == "conv2d");
  CHECK(r.m == 56 * 56);
  CHECK(r.n == 64);
  CHECK(r.k == 3 * 3 * 64);
  CHECK(r.blocks == 98 * 2);  // 3136 / 32 = 98 row blocks, 64 / 32 = 2 column blocks
  CHECK(r.tiles <= 64);
  CHECK(r.rounds == 4);  // 196 blocks on 64 tiles take 3.06 rounds
  CHECK(r.tiles * r.rounds >= r.blocks);
  CHECK(r.macs == 56LL * 56 * 64 * 576);
  CHECK(r.weight_bytes == 576 * 64 + 64 * 8);  // with bias and scale of 4 bytes each per channel
  CHECK(r.input_bytes == 56 * 56 * 64);
  CHECK(r.l3_bytes_per_tile <= 256 * 1024);
}

TEST_CASE("layer4.1.conv2: 7x7 pixels, 512 to 512 channels, 3x3") {
  const machine::MappingRow r = row("/layer4/layer4.1/conv2/Conv");
  CHECK(r.m == 49);
  CHECK(r.n == 512);
  CHECK(r.k == 4608);
  CHECK(r.blocks == 2 * 16);  // the second row block holds 49 - 32 = 17 pixels
  CHECK(r.tiles == 32);       // fewer blocks than tiles: one each
  CHECK(r.rounds == 1);
  CHECK(r.macs == 49LL * 512 * 4608);
}

TEST_CASE("fc: one row, 2048 to 1000 features") {
  const machine::MappingRow r = row("/fc/Gemm");
  CHECK(r.type == "gemm");
  CHECK(r.m == 1);
  CHECK(r.n == 1000);
  CHECK(r.k == 2048);
  CHECK(r.blocks == 1 * 32);  // 1000 / 32 = 31.25
  CHECK(r.tiles == 32);
  CHECK(r.rounds == 1);
  CHECK(r.weight_bytes == 1000 * (2048 + 8));
}

TEST_CASE("conv1 has too few tiles for one round, however it is cut") {
  const machine::MappingRow r = row("/conv1/Conv");
  CHECK(r.blocks == 392 * 2);  // 112 x 112 / 32, 64 / 32
  // 784 / 64 = 12.25; 31 x 2 tiles have 13 rounds, and the estimate may give one up for fewer copies.
  CHECK(r.rounds >= 13);
  CHECK(r.rounds <= 14);
  CHECK(r.members == "/conv1/Conv /bn1/BatchNormalization /relu/Relu");
}

TEST_CASE("vector work and views show as such") {
  const machine::MappingRow pool = row("/maxpool/MaxPool");
  CHECK(pool.k == 0);
  CHECK(pool.macs == 0);
  CHECK(pool.weight_bytes == 0);
  const machine::MappingRow view = row("/Flatten");
  CHECK(view.tiles == 0);
  CHECK(view.blocks == 0);
  CHECK_THAT(view.buffers, Catch::Contains("view"));
}

TEST_CASE("every operator of the model is in one row") {
  const Graph graph = library("resnet50");
  for (const char* split : {"off", "3"}) {
    std::size_t members = 0;
    std::int64_t macs = 0;
    for (const machine::MappingRow& r : rows(split)) {
      if (!r.members.empty())
        members += static_cast<std::size_t>(std::count(r.members.begin(), r.members.end(), ' ')) + 1;
      macs += r.macs;
      CHECK_FALSE(r.buffers.empty());
    }
    CHECK(members == graph.operators.size());
    CHECK(macs == workloads::total_cost(graph).macs);
  }
}
