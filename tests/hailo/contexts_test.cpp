// Contexts against hand timing: 100 clocks of control, 32 configuration bytes per clock, transfers of one clock.
#include "tests/hailo/pipeline.h"

namespace cyclescope::hailo::test {
namespace {

/// Two layers of one row, in two contexts: 5 clocks after 40 B of configuration, 3 clocks after 5000 B.
Pipeline two_contexts() {
  Pipeline p;
  const int given = p.input(1);
  const int first = p.layer(1, 5);
  const int second = p.layer(1, 3);
  p.reads(first, given, window(1, 1, 1, 0), 1);
  p.reads(second, first, window(1, 1, 1, 0), 1);
  p.output(second);
  p.contexts({1, 2}, {40, 5000});
  return p;
}

TEST_CASE("two contexts: control, configuration, rows, one after the other") {
  const Pipeline p = two_contexts();
  Run run(p);
  // 0: control until 100; one burst of 40 B is there at 101 and takes two clocks: 103. The row is there at 106, made at
  // 111, in memory at 115. 1: from 116, control until 216; bursts of 4096 and 904 B are there at 217 and take 128 and 29
  // clocks: 374. The row is there at 377, made at 380, in the host's memory at 384.
  CHECK(run.start(0) == 106);
  CHECK(run.end(0) == 111);
  CHECK(run.start(1) == 377);
  CHECK(run.clocks() == 384);
  CHECK(spent(run, "config.0", ledger::Leaf::overhead_configuration) == 2 + 157);
  // The controller's own work, and its waits for the loader, which are overhead of the same name.
  CHECK(spent(run, "controller.0", ledger::Leaf::overhead_configuration) == 200 + 159);
  CHECK(spent(run, "stage.0", ledger::Leaf::waiting_weights) == 103);
  CHECK(spent(run, "stage.1", ledger::Leaf::idle_before_first_work) == 116);
  CHECK(spent(run, "stage.1", ledger::Leaf::waiting_weights) == 374 - 116);
  CHECK(spent(run, "stage.0", ledger::Leaf::idle_after_last_work) == 384 - 111);
  all_laws_hold(run);
}

TEST_CASE("a batch goes through a context before the next one is loaded") {
  const Pipeline p = two_contexts();
  Run run(p, 3);
  // 0: the buffer holds one row: free at 111, the next is asked for at 112 and there at 115. Rows are made from 106, 115
  // and 124 on; the last one ends at 129 and is in memory at 133. 1: from 134, configured at 134 + 258 = 392; rows are made
  // from 395, 402 and 409 on; the last one ends at 412 and is in the host's memory at 416.
  CHECK(run.end(0) == 129);
  CHECK(run.start(1) == 395);
  CHECK(run.end(1) == 412);
  CHECK(run.clocks() == 416);
  all_laws_hold(run);
}

TEST_CASE("a single context is loaded when the chip is cold and stays") {
  Pipeline p;
  const int given = p.input(1);
  const int only = p.layer(1, 5);
  p.reads(only, given, window(1, 1, 1, 0), 1);
  p.output(only);
  p.contexts({1}, {320});
  Run run(p, 1, false);
  // Control until 100, 320 B there at 101 and written at 111; then as warm: made from 3 to 8 clocks later, written at 12.
  CHECK(run.start(only) == 114);
  CHECK(run.clocks() == 123);
  run.chip->run_frame(true);
  CHECK(run.start(only) == 3);
  CHECK(run.clocks() == 12);
  all_laws_hold(run);
}

}  // namespace
}  // namespace cyclescope::hailo::test
