// Each law that is checked on a run turns red when what it names is broken.
#include "sim/base/error.h"
#include "tests/hailo/pipeline.h"

namespace cyclescope::hailo::test {
namespace {

/// A layer in cluster 1 behind one in cluster 0, so that rows cross the ring.
Pipeline across() {
  Pipeline p;
  const int given = p.input(3);
  const int first = p.layer(3, 5);
  const int second = p.layer(3, 4);
  p.reads(first, given, window(3, 3, 1, 1), 3);
  p.reads(second, first, window(3, 3, 1, 1), 3);
  p.stands_in(second, {{1, 1}});
  p.output(second);
  return p;
}

bool holds(const results::RunResult& result, const std::string& name) {
  for (const results::LawResult& law : result.laws) {
    if (law.name == name) return law.holds;
  }
  throw InternalError("no law " + name);
}

TEST_CASE("a lost posting opens the time ledger") {
  const Pipeline p = across();
  machine::Faults faults;
  faults.ledger.drop_posting = 5;
  Run run(p, 1, true, faults);
  CHECK_FALSE(holds(run.check(), "time ledger closes on every lane"));
}

TEST_CASE("a lost byte on the ring breaks conservation") {
  const Pipeline p = across();
  machine::Faults faults;
  faults.drop_byte_of_packet = 2;
  Run run(p, 1, true, faults);
  const results::RunResult result = run.check();
  CHECK_FALSE(holds(result, "bytes are conserved on every link"));
  CHECK(holds(result, "time ledger closes on every lane"));
}

TEST_CASE("MACs that no stage does break the count") {
  Pipeline p = across();
  Run run(p);
  p.at(0).macs += 1;
  CHECK_FALSE(holds(run.check(), "MACs executed are the trace's"));
}

TEST_CASE("a buffer without places stops the chip, which says where") {
  const Pipeline p = across();
  machine::Faults faults;
  faults.lost_result_slots = 3;
  CHECK_THROWS_WITH(Run(p, 1, true, faults), Catch::Contains("'layer0' has made 0 of 3 rows"));
}

TEST_CASE("without the ledger no clock changes") {
  const Pipeline p = across();
  Run booked(p);
  booked.ledger.enable(false);
  const Femtoseconds latency = booked.chip->frame().end.at - booked.chip->frame().start;
  booked.chip->run_frame(true);
  CHECK(booked.chip->frame().end.at - booked.chip->frame().start == latency);
}

}  // namespace
}  // namespace cyclescope::hailo::test
