// Waits cut into causes along the life of what ended them.
#include "tests/ledger/support.h"

namespace cyclescope::ledger {
namespace {

using test::kPeriod;
using test::spent;
using test::total;

/// Memory opens a row during [0, 40), a DMA engine moves the data during [45, 80): it started at its next clock edge.
struct Chain {
  Ledger ledger;
  LaneId memory = ledger.add_lane("dram.0", kPeriod);
  LaneId dma = ledger.add_lane("dma.0", kPeriod);
  LaneId array = ledger.add_lane("array.0", kPeriod);
  ActivityId row = ledger.record(memory, 3, Leaf::waiting_operand_dram_row, 0, 40, {});
  ActivityId move = ledger.record(dma, 3, Leaf::useful_transfer, 45, 80, {row, 40, Reason::data});
};

TEST_CASE("a wait is cut along the chain that ended it") {
  Chain c;
  c.ledger.post_wait(c.array, 0, 80, {c.move, 80, Reason::data});
  CHECK(spent(c.ledger, c.array, Leaf::waiting_operand_dram_row) == 40);  // carried over
  CHECK(spent(c.ledger, c.array, Leaf::overhead_clock_crossing) == 5);    // 40 .. 45, less than a period
  CHECK(spent(c.ledger, c.array, Leaf::waiting_dependency) == 35);        // somebody's useful transfer
  CHECK(total(c.ledger.time(c.array)) == 80);
}

TEST_CASE("a wait for credit turns others' work into output space, and only that") {
  Chain c;
  c.ledger.post_wait(c.array, 0, 80, {c.move, 80, Reason::credit});
  CHECK(spent(c.ledger, c.array, Leaf::waiting_operand_dram_row) == 40);
  CHECK(spent(c.ledger, c.array, Leaf::overhead_clock_crossing) == 5);
  CHECK(spent(c.ledger, c.array, Leaf::waiting_output_space) == 35);
  CHECK(spent(c.ledger, c.array, Leaf::waiting_dependency) == 0);
}

TEST_CASE("a wait that begins in the middle of the chain sees only what is left of it") {
  Chain c;
  c.ledger.post(c.array, Leaf::useful_mac, 0, 28);
  c.ledger.post_wait(c.array, 28, 80, {c.move, 80, Reason::data});
  CHECK(spent(c.ledger, c.array, Leaf::waiting_operand_dram_row) == 12);  // 28 .. 40
  CHECK(spent(c.ledger, c.array, Leaf::overhead_clock_crossing) == 5);
  CHECK(spent(c.ledger, c.array, Leaf::waiting_dependency) == 35);
  CHECK(total(c.ledger.time(c.array)) == 80);
}

TEST_CASE("a wait may be ended by an activity that is still going on") {
  Ledger ledger;
  const LaneId dma = ledger.add_lane("dma.0", kPeriod);
  const LaneId array = ledger.add_lane("array.0", kPeriod);
  const ActivityId move = ledger.open(dma, 0, Leaf::useful_transfer, 10, {kOrigin, 0, Reason::issue});
  ledger.post(array, Leaf::idle_before_first_work, 0, 10);
  ledger.post_wait(array, 10, 60, {move, 60, Reason::data});
  CHECK(spent(ledger, array, Leaf::waiting_dependency) == 50);
  CHECK(spent(ledger, array, Leaf::unknown) == 0);
}

TEST_CASE("work becomes dependency or output space, while waits, overheads and the unknown keep their name") {
  for (std::size_t i = 0; i < kLeafCount; ++i) {
    for (const Reason reason : {Reason::data, Reason::resource, Reason::credit, Reason::issue}) {
      const auto cause = static_cast<Leaf>(i);
      const std::string kind = group(cause);
      const bool kept = kind == "waiting" || kind == "overhead" || kind == "unknown";
      const Leaf work = reason == Reason::credit ? Leaf::waiting_output_space : Leaf::waiting_dependency;
      Ledger ledger;
      const LaneId lane = ledger.add_lane("dma.0", kPeriod);
      const LaneId array = ledger.add_lane("array.0", kPeriod);
      const ActivityId by = ledger.record(lane, 0, cause, 0, 50, {});
      ledger.post_wait(array, 0, 50, {by, 50, reason});
      INFO(name(cause) << " with reason " << static_cast<int>(reason));
      CHECK(spent(ledger, array, kept ? cause : work) == 50);
      CHECK(total(ledger.time(array)) == 50);
    }
  }
}

TEST_CASE("the waiter's own gap to its edge is a crossing below its period and unknown from there on") {
  for (const Femtoseconds gap : {1, 9, 10, 25}) {
    Chain c;
    c.ledger.post_wait(c.array, 0, 80 + gap, {c.move, 80, Reason::data});
    INFO("gap of " << gap << " fs on a lane of period 10 fs");
    // 5 fs of crossing are on the chain already.
    CHECK(spent(c.ledger, c.array, Leaf::overhead_clock_crossing) == (gap < 10 ? 5 + gap : 5));
    CHECK(spent(c.ledger, c.array, Leaf::unknown) == (gap < 10 ? 0 : gap));
    CHECK(spent(c.ledger, c.array, Leaf::waiting_dependency) == 35);
    CHECK(total(c.ledger.time(c.array)) == 80 + gap);
  }
}

TEST_CASE("the crossing is bounded by the period of the lane that crosses") {
  Ledger ledger;
  const LaneId slow = ledger.add_lane("host.0", 100);
  const LaneId fast = ledger.add_lane("array.0", 10);
  const ActivityId first = ledger.record(fast, 0, Leaf::useful_mac, 0, 20, {});
  // 20 .. 70 is less than a clock of the slow lane ...
  const ActivityId second = ledger.record(slow, 0, Leaf::useful_transfer, 70, 90, {first, 20, Reason::data});
  ledger.post_wait(fast, 0, 90, {second, 90, Reason::data});
  CHECK(spent(ledger, fast, Leaf::overhead_clock_crossing) == 50);
  CHECK(spent(ledger, fast, Leaf::waiting_dependency) == 20 + 20);
  // ... but five clocks of the fast one.
  const ActivityId third = ledger.record(fast, 0, Leaf::useful_mac, 140, 150, {second, 90, Reason::data});
  ledger.post_wait(fast, 90, 150, {third, 150, Reason::data});
  CHECK(spent(ledger, fast, Leaf::unknown) == 50);
}

TEST_CASE("a wait whose release came before it began is a crossing or unknown, whole") {
  Chain c;
  c.ledger.post(c.array, Leaf::useful_mac, 0, 85);
  c.ledger.post_wait(c.array, 85, 88, {c.move, 80, Reason::data});  // 8 fs after the release: crossing
  CHECK(spent(c.ledger, c.array, Leaf::overhead_clock_crossing) == 3);
  c.ledger.post_wait(c.array, 88, 95, {c.move, 80, Reason::data});  // 15 fs after it: nobody knows
  CHECK(spent(c.ledger, c.array, Leaf::unknown) == 7);
  CHECK(total(c.ledger.time(c.array)) == 95);
}

TEST_CASE("a wait that nothing explains is unknown") {
  Ledger ledger;
  const LaneId array = ledger.add_lane("array.0", kPeriod);
  ledger.post_wait(array, 0, 60, {kOrigin, 60, Reason::data});
  CHECK(spent(ledger, array, Leaf::unknown) == 60);
}

TEST_CASE("a wait of no length books nothing") {
  Chain c;
  c.ledger.post_wait(c.array, 80, 80, {c.move, 80, Reason::data});
  CHECK(total(c.ledger.time(c.array)) == 0);
}

}  // namespace
}  // namespace cyclescope::ledger
