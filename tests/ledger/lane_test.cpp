// Posting time on lanes: closure, holes, overlaps, and the four kinds of idleness.
#include "sim/ledger/lane.h"

#include "tests/ledger/support.h"

namespace cyclescope::ledger {
namespace {

using test::kPeriod;
using test::spent;
using test::total;

TEST_CASE("postings that abut close the lane, each in its leaf") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  ledger.post(lane, Leaf::useful_transfer, 0, 7);
  ledger.post(lane, Leaf::waiting_operand_noc, 7, 30);
  ledger.post(lane, Leaf::useful_transfer, 30, 42);
  ledger.finish(42);
  CHECK(spent(ledger, lane, Leaf::useful_transfer) == 7 + 12);
  CHECK(spent(ledger, lane, Leaf::waiting_operand_noc) == 23);
  CHECK(spent(ledger, lane, Leaf::unknown) == 0);
  CHECK(total(ledger.time(lane)) == 42);
}

TEST_CASE("a hole between postings, before the first and after the last is unknown time") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  const LaneId silent = ledger.add_lane("dma.1", kPeriod);
  ledger.post(lane, Leaf::useful_transfer, 3, 10);   // hole of 3
  ledger.post(lane, Leaf::useful_transfer, 15, 20);  // hole of 5
  ledger.finish(29);                                 // hole of 9
  CHECK(spent(ledger, lane, Leaf::unknown) == 3 + 5 + 9);
  CHECK(spent(ledger, lane, Leaf::useful_transfer) == 12);
  CHECK(spent(ledger, silent, Leaf::unknown) == 29);
  CHECK(total(ledger.time(lane)) == 29);
}

TEST_CASE("a posting that overlaps an earlier one is an internal error and books nothing") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  const LaneId other = ledger.add_lane("dma.1", kPeriod);
  ledger.post(lane, Leaf::useful_transfer, 0, 20);
  CHECK_THROWS_AS(ledger.post(lane, Leaf::useful_vector, 19, 25), InternalError);
  CHECK_THROWS_WITH(ledger.post(lane, Leaf::useful_vector, 19, 25), Catch::Contains("dma.0"));
  CHECK(total(ledger.time(lane)) == 20);
  CHECK_NOTHROW(ledger.post(other, Leaf::useful_vector, 0, 5));  // lanes are apart
  CHECK_NOTHROW(ledger.post(lane, Leaf::useful_vector, 20, 25));
}

TEST_CASE("an empty posting books nothing") {
  Ledger ledger;
  const LaneId lane = ledger.add_lane("dma.0", kPeriod);
  ledger.post(lane, Leaf::useful_transfer, 5, 5);
  ledger.post(lane, Leaf::useful_transfer, 9, 4);
  CHECK(total(ledger.time(lane)) == 0);
  CHECK_NOTHROW(ledger.post(lane, Leaf::useful_transfer, 0, 5));
}

TEST_CASE("idleness is named by what the lane has done before and will do after") {
  Ledger ledger;
  Lane worker(ledger, "array.0", kPeriod);
  Lane idler(ledger, "array.1", kPeriod);
  worker.idle_until(12);
  worker.busy_until(30, Leaf::useful_mac);
  worker.idle_until(35);
  worker.busy_until(50, Leaf::useful_mac);
  worker.finish(64);
  idler.idle_until(20);
  idler.finish(64);
  ledger.finish(64);
  CHECK(spent(ledger, worker.id(), Leaf::idle_before_first_work) == 12);
  CHECK(spent(ledger, worker.id(), Leaf::useful_mac) == 18 + 15);
  CHECK(spent(ledger, worker.id(), Leaf::idle_no_demand) == 5);
  CHECK(spent(ledger, worker.id(), Leaf::idle_after_last_work) == 14);
  CHECK(total(ledger.time(worker.id())) == 64);
  // A lane that never worked: the part it reported itself is before first work, the rest of the frame unused.
  CHECK(spent(ledger, idler.id(), Leaf::idle_before_first_work) == 20);
  CHECK(spent(ledger, idler.id(), Leaf::idle_unused) == 44);
}

TEST_CASE("a lane that never reported anything is unused for the whole frame") {
  Ledger ledger;
  Lane lane(ledger, "array.0", kPeriod);
  lane.finish(64);
  CHECK(spent(ledger, lane.id(), Leaf::idle_unused) == 64);
}

TEST_CASE("having waited counts as having had work") {
  Ledger ledger;
  Lane lane(ledger, "array.0", kPeriod);
  const LaneId source = ledger.add_lane("dma.0", kPeriod);
  const ActivityId transfer = ledger.record(source, 0, Leaf::useful_transfer, 0, 25, {});
  lane.wait_until(25, {transfer, 25, Reason::data});
  lane.idle_until(40);
  lane.finish(50);
  CHECK(spent(ledger, lane.id(), Leaf::waiting_dependency) == 25);
  CHECK(spent(ledger, lane.id(), Leaf::idle_no_demand) == 15);
  CHECK(spent(ledger, lane.id(), Leaf::idle_after_last_work) == 10);
}

TEST_CASE("a lane told of an instant it has passed stays where it is") {
  Ledger ledger;
  Lane lane(ledger, "array.0", kPeriod);
  lane.busy_until(30, Leaf::useful_mac);
  lane.idle_until(20);
  lane.busy_until(30, Leaf::useful_vector);
  lane.finish(30);
  CHECK(lane.cursor() == 30);
  CHECK(spent(ledger, lane.id(), Leaf::useful_mac) == 30);
  CHECK(total(ledger.time(lane.id())) == 30);
}

TEST_CASE("a lane's second frame begins afresh") {
  Ledger ledger;
  Lane lane(ledger, "array.0", kPeriod);
  lane.busy_until(30, Leaf::useful_mac);
  lane.finish(30);
  ledger.finish(30);
  ledger.restart(30);
  lane.restart(30);
  CHECK(lane.cursor() == 30);
  lane.idle_until(33);  // before first work again, not no demand
  lane.busy_until(40, Leaf::useful_mac);
  lane.finish(40);
  ledger.finish(40);
  CHECK(spent(ledger, lane.id(), Leaf::idle_before_first_work) == 3);
  CHECK(spent(ledger, lane.id(), Leaf::useful_mac) == 7);
  CHECK(total(ledger.time(lane.id())) == 10);
}

}  // namespace
}  // namespace cyclescope::ledger
