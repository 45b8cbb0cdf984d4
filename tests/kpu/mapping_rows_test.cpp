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
    if (candidate.text("name") == name) return candidate;
  }
  FAIL("no row " << name);
  return {};
}

}  // namespace

TEST_CASE("layer1.0.conv2: 56x56 pixels, 64 to 64 channels, 3x3") {
  const machine::MappingRow r = row("/layer1/layer1.0/conv2/Conv");
  CHECK(r.text("type") == "conv2d");
  CHECK(r.integer("m") == 56 * 56);
  CHECK(r.integer("n") == 64);
  CHECK(r.integer("k") == 3 * 3 * 64);
  CHECK(r.integer("blocks") == 98 * 2);  // 3136 / 32 = 98 row blocks, 64 / 32 = 2 column blocks
  CHECK(r.integer("tiles") <= 64);
  CHECK(r.integer("rounds") == 4);  // 196 blocks on 64 tiles take 3.06 rounds
  CHECK(r.integer("tiles") * r.integer("rounds") >= r.integer("blocks"));
  CHECK(r.integer("macs") == 56LL * 56 * 64 * 576);
  CHECK(r.integer("weight_bytes") == 576 * 64 + 64 * 8);  // with bias and scale of 4 bytes each per channel
  CHECK(r.integer("input_bytes") == 56 * 56 * 64);
  CHECK(r.integer("l3_bytes_per_tile") <= 256 * 1024);
}

TEST_CASE("layer4.1.conv2: 7x7 pixels, 512 to 512 channels, 3x3") {
  const machine::MappingRow r = row("/layer4/layer4.1/conv2/Conv");
  CHECK(r.integer("m") == 49);
  CHECK(r.integer("n") == 512);
  CHECK(r.integer("k") == 4608);
  CHECK(r.integer("blocks") == 2 * 16);  // the second row block holds 49 - 32 = 17 pixels
  CHECK(r.integer("tiles") == 32);       // fewer blocks than tiles: one each
  CHECK(r.integer("rounds") == 1);
  CHECK(r.integer("macs") == 49LL * 512 * 4608);
}

TEST_CASE("fc: one row, 2048 to 1000 features") {
  const machine::MappingRow r = row("/fc/Gemm");
  CHECK(r.text("type") == "gemm");
  CHECK(r.integer("m") == 1);
  CHECK(r.integer("n") == 1000);
  CHECK(r.integer("k") == 2048);
  CHECK(r.integer("blocks") == 1 * 32);  // 1000 / 32 = 31.25
  CHECK(r.integer("tiles") == 32);
  CHECK(r.integer("rounds") == 1);
  CHECK(r.integer("weight_bytes") == 1000 * (2048 + 8));
}

TEST_CASE("conv1 has too few tiles for one round, however it is cut") {
  const machine::MappingRow r = row("/conv1/Conv");
  CHECK(r.integer("blocks") == 392 * 2);  // 112 x 112 / 32, 64 / 32
  // 784 / 64 = 12.25; 31 x 2 tiles have 13 rounds, and the estimate may give one up for fewer copies.
  CHECK(r.integer("rounds") >= 13);
  CHECK(r.integer("rounds") <= 14);
  CHECK(r.text("members") == "/conv1/Conv /bn1/BatchNormalization /relu/Relu");
}

TEST_CASE("vector work and views show as such") {
  const machine::MappingRow pool = row("/maxpool/MaxPool");
  CHECK(pool.integer("k") == 0);
  CHECK(pool.integer("macs") == 0);
  CHECK(pool.integer("weight_bytes") == 0);
  const machine::MappingRow view = row("/Flatten");
  CHECK(view.integer("tiles") == 0);
  CHECK(view.integer("blocks") == 0);
  CHECK_THAT(view.text("buffers"), Catch::Contains("view"));
}

TEST_CASE("every operator of the model is in one row") {
  const Graph graph = library("resnet50");
  for (const char* split : {"off", "3"}) {
    std::size_t members = 0;
    std::int64_t macs = 0;
    for (const machine::MappingRow& r : rows(split)) {
      const std::string& names = r.text("members");
      if (!names.empty()) members += static_cast<std::size_t>(std::count(names.begin(), names.end(), ' ')) + 1;
      macs += r.integer("macs");
      CHECK_FALSE(r.text("buffers").empty());
    }
    CHECK(members == graph.operators.size());
    CHECK(macs == workloads::total_cost(graph).macs);
  }
}
