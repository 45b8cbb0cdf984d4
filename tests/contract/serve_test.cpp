// Consecutive frames on one machine: in turn, never overlapping. The first is the one that a run reports; later ones may
// differ a little, because arbiters go on where the frame before left them.
#include <catch2/catch.hpp>
#include <sstream>

#include "sim/run/child_pool.h"
#include "sim/run/platforms.h"
#include "tests/contract/models.h"
#include "tests/contract/run_child.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::contract;
using machine::ServedFrame;

/// Memory that does not refresh: frames do not depend on when they start.
const Overrides kIdeal{"memory.ideal=on"};

/// The frames, or the exit code of why there are none.
struct Served {
  int exit_code = 0;
  std::vector<ServedFrame> frames;
};

Served serve(const Machine& machine, const std::vector<Femtoseconds>& arrivals, const machine::RunOptions& options) {
  const auto work = [&](std::size_t) {
    const run::Platform platform = run::load_platform(machine.platform, overrides_of(machine, kIdeal));
    std::ostringstream text;
    for (const ServedFrame& frame : platform.family->serve(classifier(), platform.settings, options, arrivals).frames) {
      text << frame.arrival << ' ' << frame.start << ' ' << frame.end << '\n';
    }
    return text.str();
  };
  const run::ChildOutcome outcome = run::run_children(1, 1, work).front();
  Served served{outcome.exit_code, {}};
  if (!outcome.ok()) return served;
  std::istringstream text(outcome.bytes);
  for (ServedFrame frame; text >> frame.arrival >> frame.start >> frame.end;) served.frames.push_back(frame);
  return served;
}

constexpr int kNotModelled = 3;

}  // namespace

TEST_CASE("served frames follow one another, the first as a run has it and none faster than the roofline") {
  for (const Machine& machine : machines()) {
    INFO(machine.platform);
    const results::RunResult alone = simulate(machine, classifier(), kIdeal);
    const Femtoseconds pause = 10 * alone.makespan + 1;
    const Served served = serve(machine, {0, 0, pause, pause}, {});
    if (served.exit_code == kNotModelled) continue;
    REQUIRE(served.frames.size() == 4);
    CHECK(served.frames[0].end - served.frames[0].start == alone.makespan);
    for (const ServedFrame& frame : served.frames) CHECK(frame.end - frame.start >= alone.roofline);
    CHECK(served.frames[1].start >= served.frames[0].end);
    CHECK(served.frames[3].start >= served.frames[2].end);
    CHECK(served.frames[2].arrival == pause);
    CHECK(served.frames[2].start >= pause);
    CHECK(served.frames[2].start - pause < alone.clock_period);  // the next clock edge
  }
}

TEST_CASE("from an empty chip only the first served frame is a cold one") {
  for (const Machine& machine : machines()) {
    INFO(machine.platform);
    const Served served = serve(machine, {0, 0}, cold());
    if (served.exit_code == kNotModelled) continue;
    REQUIRE(served.frames.size() == 2);
    CHECK(served.frames[0].end - served.frames[0].start == simulate(machine, classifier(), kIdeal, cold()).makespan);
    CHECK(served.frames[1].end - served.frames[1].start == simulate(machine, classifier(), kIdeal).makespan);
  }
}

TEST_CASE("frames that arrive in the past are refused") {
  for (const Machine& machine : machines()) {
    const int code = serve(machine, {10, 0}, {}).exit_code;
    CHECK((code == 1 || code == kNotModelled));
  }
}
