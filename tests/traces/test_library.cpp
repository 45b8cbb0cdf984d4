// The committed traces, and finding them by name.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/base/error.h"
#include "traces/reader.h"
#include "workloads/fusion.h"

namespace cyclescope::traces {
namespace {

const std::string kLibrary = std::string(CYCLESCOPE_SOURCE_DIR) + "/traces/library";

Trace read_model(const std::string& model) { return read(resolve_model(model, kLibrary)); }

void check_totals(const std::string& model, std::int64_t macs, std::int64_t parameters) {
  const Trace trace = read_model(model);
  CHECK(trace.graph.model == model);
  CHECK(trace.total_macs == macs);
  CHECK(trace.total_parameters == parameters);
}

TEST_CASE("resnet50 has its known MACs and parameters") { check_totals("resnet50", 4089184256, 25557032); }

TEST_CASE("resnet50_v1 has its known MACs and parameters") { check_totals("resnet50_v1", 3482255360, 25557032); }

TEST_CASE("deeplabv3_resnet50 has its known MACs and parameters") {
  check_totals("deeplabv3_resnet50", 31310548992, 39638869);
}

TEST_CASE("fcn_resnet50 has its known MACs and parameters") { check_totals("fcn_resnet50", 26484498432, 32957013); }

TEST_CASE("vit_b_16 has its known MACs and parameters") { check_totals("vit_b_16", 17563828224, 86567656); }

TEST_CASE("networks of measurements have their known MACs and parameters") {  // tests/converter/published_totals.py
  check_totals("resnet18", 1814073344, 11689512);
  check_totals("resnet34", 3663761408, 21797672);
  check_totals("resnet101", 7801405440, 44549160);
  check_totals("mobilenet_v2", 300774272, 3504872);
  check_totals("mobilenet_v2_1.4", 582195824, 6108776);
  check_totals("squeezenet1_1", 349151936, 1235496);
  check_totals("efficientnet_b0", 385814752, 5288548);
  check_totals("fcn_resnet50_520", 26484498432 / (28 * 28) * (65 * 65), 32957013);
}

TEST_CASE("resnet50 fuses into 53 convolutions, two pools and a classifier") {
  const workloads::Graph graph = read_model("resnet50").graph;
  int convolutions = 0;
  int residuals = 0;
  int others = 0;
  for (const workloads::FusedGroup& group : workloads::fuse(graph, {true, true, true})) {
    const workloads::OperatorType primary = graph.operators[group.members.front()].type;
    convolutions += primary == workloads::OperatorType::conv2d ? 1 : 0;
    residuals += group.has_residual ? 1 : 0;
    others += primary == workloads::OperatorType::relu || primary == workloads::OperatorType::add ||
                      primary == workloads::OperatorType::batch_norm
                  ? 1
                  : 0;
  }
  CHECK(convolutions == 53);
  CHECK(residuals == 16);  // 3 + 4 + 6 + 3 blocks
  CHECK(others == 0);
}

TEST_CASE("models are found by name or path") {
  const std::string path = kLibrary + "/resnet50.h5";
  CHECK(resolve_model("resnet50", kLibrary) == path);
  CHECK(resolve_model(path, kLibrary) == path);
  CHECK(resolve_model(path, "/nonexistent") == path);
  CHECK_THROWS_AS(resolve_model("resnet51", kLibrary), InputError);
  CHECK_THROWS_WITH(resolve_model("resnet51", kLibrary),
                    Catch::Contains("'resnet51'") && Catch::Contains("resnet50, resnet50_v1, squeezenet1_1, vit_b_16"));
  CHECK_THROWS_WITH(resolve_model("resnet50", "/nonexistent"), Catch::Contains("(empty)"));
}

TEST_CASE("the library lists names of trace files, sorted") {
  namespace fs = std::filesystem;
  const fs::path directory = fs::temp_directory_path() / "cyclescope-library-test";
  fs::remove_all(directory);
  fs::create_directory(directory);
  for (const char* name : {"b.h5", "a.h5", "c.d.h5", "note.txt"}) std::ofstream(directory / name) << "x";
  CHECK(library(directory.string()) == std::vector<std::string>{"a", "b", "c.d"});
  fs::remove_all(directory);
  CHECK(library(directory.string()).empty());
}

}  // namespace
}  // namespace cyclescope::traces
