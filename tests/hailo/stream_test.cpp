// The interval between frames.
#include "arch/hailo/interval.h"
#include "sim/base/error.h"
#include "tests/hailo/pipeline.h"

namespace cyclescope::hailo::test {
namespace {

/// Two layers of one row of ten clocks a frame, with `places` between them.
Pipeline pair_of_layers(std::int64_t places) {
  Pipeline p;
  const int given = p.input(1);
  const int first = p.layer(1, 10);
  const int second = p.layer(1, 10);
  p.reads(first, given, window(1, 1, 1, 0), 4);
  p.reads(second, first, window(1, 1, 1, 0), places);
  p.output(second);
  return p;
}

TEST_CASE("the interval is that of the slowest layer, with the gap between its frames") {
  const Pipeline p = pair_of_layers(2);
  Run run(p);
  // 10 clocks a frame and 3 between. The first frame: made from 3 to 13, there at 16, made at 26, written at 30.
  const Stream stream = run.chip->stream();
  CHECK(stream.interval == 13 * kClock);
  CHECK(stream.first_latency == 30 * kClock);
  // 17 came out when two windows of 8 agreed; those begun until then were finished.
  CHECK(stream.frames >= 17);
  CHECK(stream.frames <= 17 + 4 + 4);
  CHECK(run.clocks() == 30);  // the frame that was booked
  all_laws_hold(run);
}

TEST_CASE("one place less between two layers makes them take turns") {
  const Pipeline p = pair_of_layers(1);
  Run run(p);
  // first starts at s, ends at s + 10; there at s + 13; second ends at s + 23, and first knows at s + 24.
  CHECK(run.chip->stream().interval == 24 * kClock);
}

TEST_CASE("the interval is the mean of the second of two windows that agree") {
  // Frames at 0, 30, 40, 50, ...: of the windows of two, 0..40 and 40..60 differ, 30..50 and 50..70 agree.
  CHECK(settled_interval({0, 30, 40, 50, 60, 70}, 2) == 10);
  CHECK(settled_interval({0, 30, 40, 50, 60}, 2) == 0);
  // One in a thousand agrees, a little more does not.
  CHECK(settled_interval({0, 1000, 2001}, 1) == 1001);
  CHECK(settled_interval({0, 1000, 2002}, 1) == 0);
  CHECK(settled_interval({}, 8) == 0);
}

}  // namespace
}  // namespace cyclescope::hailo::test
