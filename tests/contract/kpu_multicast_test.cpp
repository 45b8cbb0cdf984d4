// KPU without multicast: the same bytes reach every tile, but each copy crosses the mesh on its own.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/contract/machines.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;

results::TrafficResult mesh_of(const results::RunResult& result) {
  const auto found = std::find_if(result.traffic.begin(), result.traffic.end(),
                                  [](const results::TrafficResult& traffic) { return traffic.name == "noc"; });
  REQUIRE(found != result.traffic.end());
  return *found;
}

}  // namespace

TEST_CASE("kpu: unicast copies bring what multicast brings, one packet per receiver") {
  for (const Machine& machine : machines_of("kpu")) {
    const results::RunResult trees = simulate(machine, residual_block(), {}, cold());
    const results::RunResult copies = simulate(machine, residual_block(), {"mesh.multicast=off"}, cold());
    CHECK(mesh_of(trees).sent < mesh_of(trees).received);  // some packet has several receivers
    CHECK(mesh_of(copies).received == mesh_of(trees).received);
    CHECK(mesh_of(copies).sent == mesh_of(copies).received);
    CHECK(copies.dram_read_bytes == trees.dram_read_bytes);
    CHECK(copies.macs_executed == trees.macs_executed);
    for (const results::LawResult& law : copies.laws) CHECK(law.holds);
  }
}
