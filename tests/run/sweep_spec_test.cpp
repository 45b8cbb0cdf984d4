// Specs of sweeps: command-line lists, JSON, the order of points, what is refused, what differs.
#include "sim/run/sweep_spec.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "sim/run/sweep_slurm.h"

namespace cyclescope::run {
namespace {

using Catch::Matchers::Contains;

SweepSpec small() {
  SweepSpec spec;
  spec.platforms = {"kpu-t64"};
  spec.models = {"resnet50"};
  return spec;
}

TEST_CASE("axes are read with units and spaces") {
  const Axis axis = parse_axis(" mesh.flit = 16 B, 32 B ,64 B");
  CHECK(axis.key == "mesh.flit");
  CHECK(axis.values == std::vector<std::string>{"16 B", "32 B", "64 B"});
  for (const char* wrong : {"", "mesh.flit", "=16 B", "mesh.flit=", "mesh.flit=16 B,", "mesh.flit=16 B,,32 B"}) {
    CHECK_THROWS_AS(parse_axis(wrong), InputError);
  }
}

TEST_CASE("points are the cross product, the last axis fastest") {
  SweepSpec spec = small();
  spec.models = {"a", "b"};
  spec.batches = {1, 4};
  spec.sets = {"x.y=1"};
  spec.axes = {{"k.l", {"1 B", "2 B"}}, {"m.n", {"on", "off"}}};
  const std::vector<PointSpec> points = expand(spec);
  REQUIRE(points.size() == 2 * 2 * 2 * 2);
  CHECK(points[0].sets == std::vector<std::string>{"x.y=1", "k.l=1 B", "m.n=on"});
  CHECK(points[1].sets == std::vector<std::string>{"x.y=1", "k.l=1 B", "m.n=off"});
  CHECK(points[2].sets == std::vector<std::string>{"x.y=1", "k.l=2 B", "m.n=on"});
  CHECK((points[3].options.batch == 1 && points[4].options.batch == 4));
  CHECK((points[7].model == "a" && points[8].model == "b"));
  CHECK(points[15].label == "kpu-t64 b int8 steady batch 4 k.l=2 B m.n=off");
}

TEST_CASE("a spec survives JSON, and defaults may be left out") {
  SweepSpec spec = small();
  spec.precisions = {Precision::int8, Precision::fp32};
  spec.states = {"cold"};
  spec.batches = {2};
  spec.strict_precision = true;
  spec.sets = {"a.b=1 MHz"};
  spec.axes = {{"z.z", {"1 B"}}, {"a.a", {"on", "off"}}};  // in this order, not sorted
  CHECK(spec_to_json(spec_from_json(spec_to_json(spec), "test")) == spec_to_json(spec));

  const SweepSpec brief = spec_from_json(R"({"platform": "kpu-t64", "model": ["resnet50"]})", "test");
  CHECK(spec_to_json(brief) == spec_to_json(small()));
}

TEST_CASE("a wrong spec is refused on one line that names file and field") {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      spec_from_json(text, "spec.json");
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto with = [&](const std::string& field) {
    return refusal(R"({"platform": "p", "model": "m", )" + field + "}");
  };
  CHECK_THAT(refusal("{"), Contains("spec.json: no JSON"));
  CHECK(refusal("{").find('\n') == std::string::npos);
  CHECK_THAT(refusal("[]"), Contains("expected a JSON object"));
  CHECK_THAT(refusal(R"({"model": "m"})"), Contains("spec.json: no platform given"));
  CHECK_THAT(refusal(R"({"platform": "p", "model": []})"), Contains("no model given"));
  CHECK_THAT(with(R"("bach": 1)"), Contains("unknown field 'bach' (did you mean 'batch'?)"));
  CHECK_THAT(with(R"("batch": 1.5)"), Contains("'batch': expected integers"));
  CHECK_THAT(with(R"("batch": [0])"), Contains("batch 0"));
  CHECK_THAT(with(R"("batch": [])"), Contains("no batch"));
  CHECK_THAT(with(R"("precision": "int7")"), Contains("int7"));
  CHECK_THAT(with(R"("state": ["warm"])"), Contains("'warm': expected steady or cold"));
  CHECK_THAT(with(R"("strict_precision": 1)"), Contains("'strict_precision': expected true or false"));
  CHECK_THAT(with(R"("set": [1])"), Contains("'set': expected texts"));
  CHECK_THAT(with(R"("axis": ["a.b"])"), Contains("'axis': expected an object"));
  CHECK_THAT(with(R"("axis": {"a.b": ["1 B", "2 B", "1 B"]})"), Contains("axis a.b names 1 B twice"));
  CHECK_THAT(with(R"("batch": [4, 4])"), Contains("batch names 4 twice"));
  CHECK_THAT(with(R"("precision": ["int8", "INT8"])"), Contains("precision names int8 twice"));
  CHECK_THAT(with(R"("axis": {"a.b": []})"), Contains("axis 'a.b' has no values"));
  CHECK_THAT(with(R"("axis": {"a.b": ["1"]}, "set": ["a.b=2"])"), Contains("axis 'a.b' is given twice, or also set"));
  CHECK_THAT(with(R"("axis": {"a.b": ["1"], "a.b": ["2"]})"), Contains("'a.b' stands there twice"));
  CHECK_THAT(with(R"("schema": "cyclescope-sweep-2")"), Contains("expected \"cyclescope-sweep-1\""));
}

TEST_CASE("too many points are refused before they are made") {
  SweepSpec spec = small();
  std::vector<std::string> values;
  for (int value = 0; value < 100; ++value) values.push_back(std::to_string(value));
  for (const char* key : {"a.a", "b.b", "c.c", "d.d"}) spec.axes.push_back({key, values});
  CHECK_THROWS_WITH(check(spec), Contains("points"));
}

TEST_CASE("the first difference is told") {
  SweepSpec there = small();
  SweepSpec here = small();
  CHECK(difference(there, here).empty());
  here.batches = {2};
  CHECK(difference(there, here) == "batch is [1] there and [2] here");
  here = there;
  here.axes = {{"a.a", {"1"}}, {"b.b", {"2"}}};
  there.axes = {{"b.b", {"2"}}, {"a.a", {"1"}}};  // another order of points
  CHECK_THAT(difference(there, here), Contains("axis is"));
}

TEST_CASE("shares are disjoint and complete") {
  const std::vector<int> all{0, 1, 2, 3, 4};
  CHECK(share(all, 0, 2) == std::vector<int>{0, 2, 4});
  CHECK(share(all, 1, 2) == std::vector<int>{1, 3});
  CHECK(share(all, 6, 7).empty());
}

}  // namespace
}  // namespace cyclescope::run
