// KPU: networks of attention, norms, branches, resizing and grouped windows; frames in one inference, wider precisions,
// activations through external memory. Every law, on both arrays, with and without aggregation.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/run_child.h"
#include "tests/workloads/small_networks.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

struct Variant {
  const char* name;
  Overrides overrides;
  machine::RunOptions options;
};

const std::vector<workloads::Graph>& networks() {
  static const std::vector<workloads::Graph> all{workloads::transformer_layer(), workloads::branches(),
                                                 workloads::class_token(),       workloads::resized(),
                                                 workloads::grouped(),           workloads::depthwise()};
  return all;
}

std::vector<Variant> variants() {
  machine::RunOptions frames;
  frames.batch = 2;
  machine::RunOptions bf16;
  bf16.precision = Precision::bf16;
  machine::RunOptions fp32 = frames;
  fp32.precision = Precision::fp32;
  return {{"int8", {}, {}},
          {"two frames", {}, frames},
          {"bf16", {}, bf16},
          {"two frames of fp32", {}, fp32},
          {"two frames in parts",
           {"lowering.k_split=2", "kpu.tiles=9 tiles", "mesh.width=3 nodes", "mesh.height=3 nodes"},
           frames},
          {"small L3", {"l3.capacity=2 KiB", "lowering.weight_window=1 B", "l2.capacity=1 KiB"}, {}},
          {"small L3, two frames", {"l3.capacity=3 KiB", "lowering.weight_window=1 B", "l2.capacity=1 KiB"}, frames}};
}

/// The result, or nothing when the network does not fit.
bool run(const Machine& machine, const workloads::Graph& graph, const Variant& variant, const Overrides& more,
         results::RunResult& result) {
  Overrides overrides = variant.overrides;
  overrides.insert(overrides.end(), more.begin(), more.end());
  Outcome outcome = attempt(machine, graph, overrides, variant.options);
  INFO("code " << outcome.exit_code << ": " << outcome.message);
  CHECK((outcome.exit_code == 0 || outcome.exit_code == 3));
  if (outcome.exit_code == 3) WARN(graph.model << ", " << variant.name << ": " << outcome.message);
  result = std::move(outcome.result);
  return outcome.ok();
}

void check_models_agree(const Machine& machine, const workloads::Graph& graph, const Variant& variant) {
  INFO(graph.model << ", " << variant.name << " on " << machine.platform);
  results::RunResult exact, ticking, fine;
  if (!run(machine, graph, variant, {}, exact)) return;
  REQUIRE(run(machine, graph, variant, {"array.model=register"}, ticking));
  REQUIRE(run(machine, graph, variant, {"sim.aggregate=off"}, fine));
  CHECK(ticking.makespan == exact.makespan);
  CHECK(fine.makespan == exact.makespan);
  REQUIRE(ticking.operators.size() == exact.operators.size());
  for (std::size_t i = 0; i < exact.operators.size(); ++i) {
    INFO(exact.operators[i].name);
    CHECK(ticking.operators[i].start_cycle == exact.operators[i].start_cycle);
    CHECK(ticking.operators[i].end_cycle == exact.operators[i].end_cycle);
  }
  REQUIRE(fine.lanes.size() == exact.lanes.size());
  for (std::size_t i = 0; i < exact.lanes.size(); ++i) {
    INFO(exact.lanes[i].name);
    CHECK(fine.lanes[i].time == exact.lanes[i].time);
  }
  fine.settings["sim.aggregate"] = exact.settings.at("sim.aggregate");
  CHECK((file_of(without_path(fine)) == file_of(without_path(exact))));
}

}  // namespace

TEST_CASE("kpu: laws hold on every kind of operator, batch, precision and spill") {
  int in_parts = 0;
  for (const Machine& machine : machines_of("kpu")) {
    int ran = 0;
    for (const Variant& variant : variants()) {
      for (const workloads::Graph& graph : networks()) {
        INFO(graph.model << ", " << variant.name << " on " << machine.platform);
        results::RunResult result;
        if (!run(machine, graph, variant, {}, result)) continue;
        ++ran;
        CHECK(result.batch == variant.options.batch);
        check_laws(graph, result);
        for (const results::OperatorResult& op : result.operators) in_parts += op.type == "partial sums" ? 1 : 0;
      }
    }
    CHECK(ran >= 30);
  }
  CHECK(in_parts > 0);
}

TEST_CASE("kpu: the register-accurate array and fine-grained simulation agree on them") {
  for (const Machine& machine : machines_of("kpu")) {
    for (const Variant& variant : variants()) {
      for (const workloads::Graph& graph : networks()) check_models_agree(machine, graph, variant);
    }
  }
}
