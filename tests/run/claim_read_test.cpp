// Files of claims: what they may hold, what is refused and where, and the ones that are shipped.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/base/error.h"
#include "sim/run/claim_rows.h"
#include "sim/run/directories.h"
#include "tests/run/claim_support.h"

namespace cyclescope::run {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kHead = "[A]\nstatement = s\nsource = o\nkind = energy\n";

/// Reads `text` as a file of claims.
std::vector<Claim> read(const std::string& text) {
  const std::string path =
      (std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "_claims_test.ini")).string();
  std::ofstream(path) << text;
  return read_claims({path});
}

std::vector<Claim> shipped() {
  setenv("CYCLESCOPE_ROOT", CYCLESCOPE_SOURCE_DIR, 1);
  return read_claims(claim_files(claims_directory()));
}

}  // namespace

TEST_CASE("a claim reads as it is written") {
  const std::vector<Claim> claims =
      read(std::string(kHead) +
           "remark = r\ncheck = count(energy, published/*/fp16+fp32, <= 2.5) = 3 and value(latency, "
           "a/b/int8) < 10.0\n[B.1]\nstatement = t\nsource = o\nkind = cost\nnot_testable = n\n");
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].remark == "r");
  REQUIRE(claims[0].tests.size() == 2);
  const ClaimTest& count = claims[0].tests[0];
  CHECK(count.function == ClaimFunction::count);
  CHECK(std::string(count.metric->name) == "energy");
  CHECK(count.condition == Compare::at_most);
  CHECK(count.condition_number.text == "2.5");
  CHECK(count.compare == Compare::equal);
  CHECK(count.number.decimals == 0);
  CHECK(claims[0].tests[1].compare == Compare::less);
  CHECK(claims[0].tests[1].number.decimals == 1);
  CHECK(claims[1].id == "B.1");
  CHECK(claims[1].not_testable == "n");
}

TEST_CASE("patterns of rows") {
  ClaimRow row = testing::waiting_row("kpu-t64", 1);
  const auto matches = [&](const std::string& rows) {
    return testing::claim("count(latency, " + rows + ", < 1) = 1").tests[0].selections[0].matches(row);
  };
  CHECK(matches("kpu-*/net/*"));
  CHECK(matches("*-t64/n*t/int8"));
  CHECK(matches("published/net/int8+fp16"));
  CHECK_FALSE(matches("kpu-t64x*/net/int8"));
  CHECK_FALSE(matches("kpu/net/int8"));
  CHECK_FALSE(matches("kpu-t64/net/fp16"));
  row.published = false;
  CHECK_FALSE(matches("published/net/int8"));
}

TEST_CASE("wrong checks are refused with file, line and what was expected") {
  const std::pair<const char*, const char*> wrong[]{
      {"value(latency, a/b/int8)", "one of = < <= > >="},
      {"value(latency, a/b/int8) = x", "'x': expected a decimal number"},
      {"value(latency, a/b/int8) = -1", "'-1': expected a decimal number"},
      {"value(latency, a/b/int8) = 1.", "'1.': expected a decimal number"},
      {"value(latency, a/b/int8) ~ 1", "'~ 1': expected one of = < <= > >="},
      {"value(latency, a/b) = 1", "'a/b': expected PLATFORM/MODEL/PRECISION"},
      {"value(latency) = 1", "expected value(METRIC, ROW)"},
      {"value(latency, , a/b/int8) = 1", "on both sides of ','"},
      {"value(speed, a/b/int8) = 1", "'speed' is no metric: expected one of latency"},
      {"mean(latency, a/b/int8) = 1", "'mean' is no function: expected one of value ratio"},
      {"ratio(latency, a/b/int8) = 1", "expected ratio(METRIC, ROW, ROW)"},
      {"count(latency, a/b/int8, 3) = 1", "'3': expected one of = < <= > >="},
      {"share(energy, x, a/b/int8) = 1", "expected latency or traffic"},
      {"cameras(a/b/int8, 0) = 1", "above 0"},
      {"latency = 1", "expected FUNCTION(...) OPERATOR NUMBER"},
      {"value(latency, a/b/int8) = 1 and ", "expected"},
  };
  for (const auto& [check, message] : wrong) {
    INFO(check);
    CHECK_THROWS_WITH(read(std::string(kHead) + "check = " + check + "\n"),
                      Contains("_claims_test.ini:5: A.check") && Contains(message));
  }
}

TEST_CASE("wrong files are refused with file and line or claim") {
  const std::string check = "check = value(latency, a/b/int8) = 1\n";
  CHECK_THROWS_WITH(read("kind = energy\n"), Contains("test.ini:1") && Contains("before the first"));
  CHECK_THROWS_WITH(read(std::string(kHead) + "chek = 1\n"), Contains("test.ini:5") && Contains("unknown key"));
  CHECK_THROWS_WITH(read("[A]\nstatement = s\nsource = o\nkind = speed\n"),
                    Contains("test.ini:4") && Contains("speed"));
  CHECK_THROWS_WITH(read(std::string(kHead) + "variant = pcie\n"),
                    Contains("test.ini:5") && Contains("'pcie': expected seed or committed_pcie"));
  CHECK_THROWS_WITH(read("[A]\nstatement = s\nsource = o\n" + check), Contains("test.ini:2: claim [A] has no kind"));
  CHECK_THROWS_WITH(read(kHead), Contains("[A] has no check"));
  CHECK_THROWS_WITH(read(std::string(kHead) + check + "not_testable = n\n"), Contains("expected one of them"));
  CHECK_THROWS_WITH(read(std::string(kHead) + check +
                         "[B]\nstatement = t\nsource = o\nkind = cost\nnot_testable = "
                         "n\n[A]\nremark = again\n"),
                    Contains("test.ini:12") && Contains("[A] is there already"));
}

TEST_CASE("the shipped claims have K1 to K35 and the headlines, and every selection matches") {
  std::set<std::string> ids;
  const std::vector<Claim> claims = shipped();
  const std::vector<ClaimRow> rows = estimated_rows();
  for (const Claim& claim : claims) {
    INFO(claim.id);
    ids.insert(claim.id);
    const ClaimResult result = evaluate(claim, rows, "steady");
    CHECK(result.verdict == (claim.tests.empty() ? Verdict::not_testable : Verdict::absent));
  }
  for (int i = 1; i <= 35; ++i) CHECK(ids.count("K" + std::to_string(i)) == 1);
  for (const char* id :
       {"T256-over-T64", "T768-over-T64", "Hailo-8-over-10H", "T64-over-Hailo-10H", "T64-under-Hailo-8",
        "latency-order", "energy-order", "throughput-order", "13-of-13", "best-energy", "best-throughput",
        "H100-DeepLabV3", "DeepLabV3-39-of-39", "156-of-156", "camera-fusion", "lower-cost"}) {
    CHECK(ids.count(id) == 1);
  }
}

TEST_CASE("claims about the table with PCIe, and no others, are held against that table") {
  std::set<std::string> with;
  const std::vector<ClaimRow> rows = estimated_rows();
  for (const Claim& claim : shipped()) {
    INFO(claim.id);
    const bool committed = claim.variant == estimate::ResultVariant::committed_pcie;
    CHECK((claim.source.find("PCIe") != std::string::npos) == committed);
    for (const TestResult& test : evaluate(claim, rows, "steady").tests) CHECK(test.estimated.has_value());
    if (committed) with.insert(claim.id);
  }
  CHECK(with == std::set<std::string>{"K13", "K14", "K33"});
}

TEST_CASE("the estimator's side of the claims is what its table says") {
  // Of the reference (analytical-models.md): 6.710 : 1.668 : 0.832 ms; 4.986 unrounded; 12 of 13 platforms; 11 of 156
  // rows above the TDP; 426 to 1228 MB; 38 and 7 % of ViT; 55 % of ResNet-50; 70, 76, 78 % static; 710 ms and 437 mJ; best energy at INT8 2.97 mJ.
  const std::map<std::string, std::vector<double>> expected{{"K1", {4.02, 8.06}},
                                                            {"K2", {4.986}},
                                                            {"13-of-13", {12}},
                                                            {"K27", {11}},
                                                            {"K10", {426, 965, 885, 1228}},
                                                            {"K11", {38.2, 7.2}},
                                                            {"K19", {54.6}},
                                                            {"K26", {70, 76, 78}},
                                                            {"K20", {710, 437}},
                                                            {"156-of-156", {156}},
                                                            {"best-energy", {2.97}},
                                                            {"K18", {6.125}},
                                                            {"K21", {48, 80}},
                                                            {"K29", {12, 11, 10, 2}}};
  const std::vector<ClaimRow> rows = estimated_rows();
  for (const Claim& claim : shipped()) {
    const auto found = expected.find(claim.id);
    if (found == expected.end()) continue;
    const ClaimResult result = evaluate(claim, rows, "steady");
    REQUIRE(result.tests.size() == found->second.size());
    for (std::size_t i = 0; i < result.tests.size(); ++i) {
      INFO(claim.id << " " << result.tests[i].test->text);
      REQUIRE(result.tests[i].estimated.has_value());
      CHECK(*result.tests[i].estimated == Approx(found->second[i]).epsilon(0.008));
    }
  }
}

}  // namespace cyclescope::run
