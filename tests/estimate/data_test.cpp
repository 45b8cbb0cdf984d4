// Readers of the estimator's data: what they hold, and that damage is refused with file and line.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/error.h"
#include "sim/estimate/csv.h"
#include "tests/config/support.h"
#include "tests/estimate/estimator_data.h"

namespace cyclescope::estimate {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using config::test::Directory;

constexpr const char* kOperators = "model,index,type,macs,ops,input_bytes,output_bytes\n";
constexpr const char* kModels = "model,parameters,operators,macs,ops\n";

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// `text` with the one occurrence of `from` replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// What the reader of operator lists says about these two files.
std::string refusal(const std::string& models, const std::string& operators) {
  const Directory directory;
  const fs::path folder = fs::path(directory.write("models.csv", models)).parent_path();
  directory.write("operators.csv", operators);
  try {
    read_operator_lists(folder.string());
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("accepted");
  return {};
}

/// What the loader says about the constants of a platform whose file is this one below a copy of the shared ones.
std::string refusal_of_constants(const std::string& text) {
  const Directory directory;
  const fs::path folder = fs::path(directory.write("constants/test.ini", text)).parent_path();
  fs::copy(fs::path(data_directory()) / "constants" / "common", folder / "common");
  try {
    load_estimator_constants(folder.parent_path().string(), "test");
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("accepted");
  return {};
}

std::string coral() { return text_of(data_directory() + "/constants/coral-edgetpu.ini"); }

std::string refusal_of_results(const std::string& from, const std::string& to) {
  const Directory directory;
  const std::string text = replaced(text_of(data_directory() + "/results.csv"), from, to);
  try {
    read_published_results(fs::path(directory.write("results.csv", text)).parent_path().string());
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("accepted");
  return {};
}

}  // namespace

TEST_CASE("constants exist for the 15 systems, in SI units") {
  const auto platforms = all_platforms();
  CHECK(estimator_platforms(data_directory()) ==
        std::vector<std::string>{"coral-edgetpu", "h100-pcie", "hailo-10h", "hailo-8", "jetson-orin-agx", "jetson-thor",
                                 "kpu-t256", "kpu-t64", "kpu-t768", "sa8775p", "snapdragon-ride", "tda4al", "tda4vh",
                                 "tda4vl", "tda4vm"});
  const BranesPlatform& h100 = platforms.at("h100-pcie");
  CHECK(h100.name == "h100-pcie");
  CHECK(h100.peak == std::map<Precision, double>{{Precision::int8, 1500e12},
                                                 {Precision::bf16, 750e12},
                                                 {Precision::fp16, 750e12},
                                                 {Precision::fp32, 60e12}});
  CHECK(h100.default_precision == Precision::fp32);
  CHECK(h100.bandwidth == 2e12);
  CHECK(h100.thermal_power == Approx(350));
  CHECK(h100.static_share == Approx(0.3));
  CHECK(h100.energy_per_op == Approx(0.501e-12).margin(0));
  CHECK(h100.energy_per_byte == Approx(15e-12).margin(0));
  CHECK(h100.operator_overhead == Approx(5e-6).margin(0));
  CHECK(h100.main_memory == std::int64_t{80} << 30);
  CHECK(h100.on_chip_memory == std::int64_t{50} << 20);
  CHECK(h100.corrections.empty());
  CHECK(h100.energy_scale.at(Precision::int4) == Approx(0.0625));
  CHECK(platforms.at("tda4vm").energy_scale.at(Precision::int8) == Approx(0.15));
  CHECK(platforms.at("coral-edgetpu").corrections.size() == 3);
  CHECK(platforms.at("coral-edgetpu").operator_overhead == Approx(64e-9).margin(0));
  CHECK(platforms.at("hailo-8").main_memory == 0);
}

TEST_CASE("constants that are wrong are refused with file and line") {
  CHECK_THAT(refusal_of_constants(replaced(coral(), "bandwidth = 4 GB/s", "bandwidth = 4 GB")),
             Contains("test.ini:8") && Contains("unknown unit"));
  CHECK_THAT(refusal_of_constants(replaced(coral(), "bandwidth = 4 GB/s", "bandwidth = 0 GB/s")),
             Contains("test.ini:8") && Contains("above 0"));
  CHECK_THAT(refusal_of_constants(replaced(coral(), "default_precision = int8", "default_precision = fp32")),
             Contains("test.ini:6") && Contains("a precision with a peak"));
  CHECK_THAT(refusal_of_constants(replaced(coral(), "thermal_power = 2 W", "thermal_power = -2 W")),
             Contains("test.ini:9") && Contains("negative"));
  CHECK_THAT(refusal_of_constants(replaced(coral(), "thermal_power", "thermal_pover")),
             Contains("test.ini:9") && Contains("unknown key"));
  CHECK_THAT(refusal_of_constants(replaced(coral(), "| published | branes", "| branes")), Contains("test.ini:6"));
  CHECK_THAT(refusal_of_constants("base = common/tpu.ini\n"), Contains("required key"));
  CHECK_THAT(refusal_of_constants(coral() + "correction_2_below = 5 op | assumed | a bracket below the one before\n"),
             Contains("test.ini:18") && Contains("more than the one before"));
}

TEST_CASE("an unknown platform is refused with those there are") {
  CHECK_THROWS_WITH(load_estimator_constants(data_directory(), "kpu-t65"),
                    Contains("kpu-t65") && Contains("did you mean 'kpu-t64'") && Contains("tda4vm"));
  CHECK_THROWS_AS(load_estimator_constants("/nowhere", "kpu-t64"), InputError);
}

TEST_CASE("the operator lists hold the four networks") {
  const auto workloads = read_operator_lists(data_directory());
  REQUIRE(workloads.size() == 4);
  // Bytes of all operators, in MB, as they are published with the formulas.
  const std::map<std::string, double> traffic{
      {"resnet50", 426.012}, {"deeplabv3_resnet50", 964.964}, {"fcn_resnet50", 885.218}, {"vit_b_16", 1228.018}};
  for (const auto& [model, workload] : workloads) {
    INFO(model);
    CHECK(workload.model == model);
    CHECK(workload.batch == 1);
    std::int64_t bytes = 0;
    for (const OperatorCount& op : workload.operators) bytes += op.input_bytes + op.output_bytes;
    CHECK(static_cast<double>(bytes) / 1e6 == Approx(traffic.at(model)).margin(0.0005).epsilon(0));
  }
  // conv1 by hand: 112 x 112 x 64 outputs of 7 x 7 x 3; 3 x 224 x 224 inputs and 9,408 weights of 4 bytes.
  const OperatorCount& conv1 = workloads.at("resnet50").operators[0];
  CHECK(conv1.type == "conv2d");
  CHECK(conv1.macs == 112 * 112 * 64 * 147);
  CHECK(conv1.ops == 2 * conv1.macs);
  CHECK(conv1.input_bytes == 4 * (3 * 224 * 224 + 9408));
  CHECK(conv1.output_bytes == 4 * 112 * 112 * 64);
}

TEST_CASE("damaged operator lists are refused with file and line") {
  const std::string models = std::string(kModels) + "a,10,2,3,7\n";
  const std::string operators = std::string(kOperators) + "a,0,conv2d,3,6,8,4\na,1,relu,0,1,4,4\n";
  const Directory directory;
  const std::string folder = fs::path(directory.write("models.csv", models)).parent_path().string();
  directory.write("operators.csv", operators);
  CHECK(read_operator_lists(folder).at("a").operators.size() == 2);  // sound as it stands

  CHECK_THAT(refusal(models, replaced(operators, "a,1,", "a,2,")),
             Contains("operators.csv:3") && Contains("index = '2'"));
  CHECK_THAT(refusal(models, replaced(operators, "a,1,", "b,1,")),
             Contains("operators.csv:3") && Contains("model = 'b'"));
  CHECK_THAT(refusal(models, replaced(operators, "relu", "")), Contains("operators.csv:3") && Contains("type"));
  CHECK_THAT(refusal(models, replaced(operators, "3,6,8", "3,5,8")), Contains("operators.csv:2") && Contains("ops"));
  CHECK_THAT(refusal(models, replaced(operators, "6,8,4", "6,-8,4")),
             Contains("operators.csv:2") && Contains("input_bytes = '-8'"));
  CHECK_THAT(refusal(models, replaced(operators, "6,8,4", "6,8.0,4")), Contains("operators.csv:2"));
  CHECK_THAT(refusal(models, replaced(operators, "6,8,4", "6,8")),
             Contains("operators.csv:2") && Contains("6 fields; expected 7"));
  CHECK_THAT(refusal(models, replaced(operators, "6,8,4\n", "6,8,4\n\n")),
             Contains("operators.csv:3") && Contains("empty line"));
  CHECK_THAT(refusal(models, replaced(operators, "macs", "MACs")),
             Contains("operators.csv:1") && Contains("model,index,type,macs"));
  CHECK_THAT(refusal(models, ""), Contains("operators.csv:1"));
  CHECK_THAT(refusal(models, kOperators), Contains("models.csv:2") && Contains("operators = '2'"));
  CHECK_THAT(refusal(replaced(models, "3,7", "3,8"), operators), Contains("models.csv:2") && Contains("ops = '8'"));
  CHECK_THAT(refusal(replaced(models, "2,3", "2,4"), operators), Contains("models.csv:2") && Contains("macs = '4'"));
  CHECK_THAT(refusal(models + "a,10,2,3,7\n", operators), Contains("models.csv:3") && Contains("every model once"));
  CHECK_THROWS_WITH(read_operator_lists("/nowhere"), Contains("models.csv") && Contains("cannot open"));
}

TEST_CASE("published figures keep their digits") {
  const auto rows = read_published_results(data_directory());
  CHECK(rows.size() == 156 + 12 + 13 + 3 + 24);
  const PublishedResult& first = rows.front();
  CHECK(first.variant == ResultVariant::seed);
  CHECK(first.model == "resnet50");
  CHECK(first.platform == "jetson-orin-agx");
  CHECK(first.label == "Jetson-Orin-AGX");
  CHECK(first.precision == Precision::fp32);
  REQUIRE(first.energy_mj);
  CHECK(first.energy_mj->text == "27.9");
  CHECK(first.energy_mj->decimals == 1);
  CHECK(first.energy_mj->is(27.9263));
  CHECK_FALSE(first.energy_mj->is(27.9501));
  CHECK(PrintedNumber{"12.2", 12.2, 1}.is(12.25));  // ties go to even, as in the table
  const auto stated = published(ResultVariant::seed_stated);
  CHECK_FALSE(stated.front().utilisation_percent);  // an empty field is no figure
  const auto platforms = all_platforms();
  for (const PublishedResult& row : rows) CHECK(platforms.count(row.platform) == 1);
}

TEST_CASE("damaged results are refused with file and line") {
  CHECK_THAT(refusal_of_results("seed,resnet50,jetson-orin-agx", "sed,resnet50,jetson-orin-agx"),
             Contains("results.csv:2") && Contains("variant = 'sed'") && Contains("committed_pcie"));
  CHECK_THAT(refusal_of_results("FP32,2.96", "FP31,2.96"), Contains("results.csv:2") && Contains("precision = 'FP31'"));
  for (const char* wrong : {"2.9x", "-2.96", "2.", ".9", "nan", "1e3", "inf"}) {
    CHECK_THAT(refusal_of_results("FP32,2.96", std::string("FP32,") + wrong),
               Contains("results.csv:2") && Contains("latency_ms"));
  }
  CHECK_THAT(refusal_of_results("seed,resnet50,jetson-orin-agx", "seed,,jetson-orin-agx"), Contains("model"));
  CHECK_THAT(refusal_of_results("seed,resnet50,jetson-orin-agx", "seed,resnet50,"), Contains("platform"));
}

TEST_CASE("quoted fields of a table hold commas and quotes") {
  const Directory directory;
  const std::vector<std::string> header{"a", "b"};
  const auto rows = read_csv(directory.write("t.csv", "a,b\n\"x, y\",\"say \"\"z\"\"\"\n,\n"), header);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].text("a") == "x, y");
  CHECK(rows[0].text("b") == "say \"z\"");
  CHECK(rows[1].text("b").empty());
  CHECK_THROWS_AS(rows[0].text("c"), InternalError);
  for (const char* wrong : {"a,b\nx\"y,z\n", "a,b\n\"x,z\n", "a,b\n\"x\"y,z\n"}) {
    CHECK_THROWS_WITH(read_csv(directory.write("t.csv", wrong), header), Contains("t.csv:2") && Contains("quote"));
  }
}

}  // namespace cyclescope::estimate
