// What breaks a law must be seen: each law's mutant.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/machine/report.h"
#include "tests/contract/laws.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;
using results::RunResult;

/// Checks the laws of `result` again after `change`. The ledger has no lanes: what it holds was checked in the run.
template <class Change>
RunResult rechecked(RunResult result, Change&& change) {
  result.laws.clear();
  change(result);
  const ledger::Ledger without_lanes;
  machine::check_laws(without_lanes, result);
  return result;
}

machine::RunOptions lost_posting(std::int64_t ordinal) {
  machine::RunOptions options = cold();  // one frame: postings are counted from its start
  options.faults.ledger.drop_posting = ordinal;
  return options;
}

bool time_ledger_closed(const Machine& machine, const workloads::Graph& graph, std::int64_t ordinal) {
  const RunResult result = simulate(machine, graph, {}, lost_posting(ordinal));
  CHECK(holds(result, "time ledger") != any_broken(result));
  return holds(result, "time ledger");
}

}  // namespace

TEST_CASE("mutant: each number that a law rests on turns that law red, and no other") {
  for (const Machine& machine : machines()) {
    const RunResult good = simulate(machine, window_convolution(), {}, cold());
    const auto only = [&](const char* law, auto&& change) {
      INFO(law << " on " << machine.platform);
      const RunResult bad = rechecked(good, change);
      CHECK_FALSE(holds(bad, law));
      CHECK(std::count_if(bad.laws.begin(), bad.laws.end(), [](const auto& l) { return !l.holds; }) == 1);
    };
    CHECK_FALSE(any_broken(rechecked(good, [](RunResult&) {})));
    only("roofline", [](RunResult& r) { r.roofline = r.makespan + 1; });
    only("MACs", [](RunResult& r) { --r.macs_executed; });
    only("MACs", [](RunResult& r) { ++r.macs_executed; });
    only("conserved", [](RunResult& r) { --r.traffic.front().received; });
    only("compulsory", [](RunResult& r) {
      r.dram_read_bytes = r.dram_write_bytes = r.host_write_bytes = 0;
      r.host_read_bytes = r.compulsory_bytes - 1;
    });
    only("path", [](RunResult& r) { r.path.erase(r.path.begin() + 1); });
    only("path", [](RunResult& r) { --r.critical_path.begin()->second; });
    only("path", [](RunResult& r) { r.path.back().to -= 1; });
    only("free", [](RunResult& r) { r.operators.front().end_cycle = r.operators.front().start_cycle; });
  }
}

TEST_CASE("mutant: a run that ends too early is faster than the roofline") {
  for (const Machine& machine : machines()) {
    for (const machine::RunOptions& options : {machine::RunOptions{}, cold()}) {
      const RunResult good = simulate(machine, chain(), {}, options);
      CHECK(good.roofline > 0);
      const RunResult bad = rechecked(good, [](RunResult& r) { r.makespan = r.roofline - 1; });
      CHECK_FALSE(holds(bad, "roofline"));
    }
  }
}

TEST_CASE("mutant: a byte lost on the network is never overlooked") {
  for (const Machine& machine : machines()) {
    for (const std::int64_t ordinal : {0, 1, 2, 5, 9}) {
      machine::RunOptions options = cold();
      options.faults.drop_byte_of_packet = ordinal;
      const Outcome outcome = attempt(machine, residual_block(), {}, options);
      INFO("packet " << ordinal << ", code " << outcome.exit_code << ": " << outcome.message);
      const bool refused = outcome.exit_code > 0 && !outcome.message.empty();
      const bool red = outcome.ok() && !holds(outcome.result, "conserved");
      CHECK((refused || red));
    }
  }
}

TEST_CASE("mutant: a lost posting opens the time ledger, whichever it is") {
  for (const Machine& machine : machines()) {
    const workloads::Graph graph = pointwise_convolution();
    const std::size_t lanes = simulate(machine, graph, {}, cold()).lanes.size();
    std::int64_t beyond = 1;  // an ordinal that no posting has
    for (; !time_ledger_closed(machine, graph, beyond); beyond *= 2) REQUIRE(beyond < (std::int64_t{1} << 40));
    std::int64_t last = beyond / 2;  // one that some posting has
    for (std::int64_t step = last / 2; step > 0; step /= 2) {
      if (!time_ledger_closed(machine, graph, last + step)) last += step;
    }
    INFO(last << " is the last posting of " << lanes << " lanes");
    CHECK(last + 1 >= static_cast<std::int64_t>(lanes));  // every lane is posted at least once
    constexpr std::int64_t kSamples = 24;
    for (std::int64_t i = 0; i <= kSamples; ++i) {
      const std::int64_t ordinal = last * i / kSamples;
      INFO("posting " << ordinal);
      CHECK_FALSE(time_ledger_closed(machine, graph, ordinal));
    }
    CHECK(time_ledger_closed(machine, graph, last + 1));
  }
}
