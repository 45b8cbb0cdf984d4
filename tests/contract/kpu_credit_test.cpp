// KPU: a credit that is lost is felt, and a pool without credits stops the machine with a message.
#include <catch2/catch.hpp>

#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

machine::RunOptions lost_slots(int slots) {
  machine::RunOptions options;
  options.faults.lost_result_slots = slots;
  return options;
}

}  // namespace

TEST_CASE("kpu: mutant: one result slot of two lost is never faster, and slower where results set the pace") {
  const Machine& machine = machine_of("kpu");
  for (const Model& model : models()) {
    INFO(model.name);
    const results::RunResult whole = simulate(machine, model.graph());
    const results::RunResult short_of_one = simulate(machine, model.graph(), {}, lost_slots(1));
    CHECK(short_of_one.makespan >= whole.makespan);
    check_laws(model.graph(), short_of_one);
  }
  // 32 blocks of 4 steps each: what the next block waits for is the slot of the one before.
  const workloads::Graph results_only = product(64, 4, 32);
  const results::RunResult whole = simulate(one_kpu_tile(), results_only);
  const results::RunResult short_of_one = simulate(one_kpu_tile(), results_only, {}, lost_slots(1));
  CHECK(short_of_one.makespan > whole.makespan);
  using ledger::Leaf;
  CHECK(in_lanes(short_of_one, "array", Leaf::waiting_output_space) >
        in_lanes(whole, "array", Leaf::waiting_output_space));
}

TEST_CASE("kpu: mutant: without result slots the chip stops and says where") {
  for (const Model& model : models()) {
    const Outcome outcome = attempt(machine_of("kpu"), model.graph(), {}, lost_slots(2));
    INFO(model.name << ": " << outcome.message);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.message.find("came to rest before the frame was complete") != std::string::npos);
    CHECK(outcome.message.find("operator '" + model.graph().operators.front().name + "'") != std::string::npos);
  }
}
