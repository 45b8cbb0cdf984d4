// The ring against hand timing: links of 16 B per clock, so that a row of 64 B takes one for four clocks; one clock per hop.
#include "tests/hailo/pipeline.h"

namespace cyclescope::hailo::test {
namespace {

/// Two layers of one row and five clocks each that end together, and their readers of two clocks each.
struct TwoRows {
  Pipeline p;
  int readers[2] = {0, 0};

  TwoRows(const std::vector<Share>& first_reader, const std::vector<Share>& second_reader) {
    const int given[2] = {p.input(1), p.input(1)};
    const int makers[2] = {p.layer(1, 5), p.layer(1, 5)};
    for (int i = 0; i < 2; ++i) {
      p.reads(makers[i], given[i], window(1, 1, 1, 0), 1);
      readers[i] = p.layer(1, 2);
      p.reads(readers[i], makers[i], window(1, 1, 1, 0), 1);
      p.output(readers[i]);
    }
    p.stands_in(readers[0], first_reader);
    p.stands_in(readers[1], second_reader);
  }
};

TEST_CASE("two rows that come to a link at once take it one after the other") {
  TwoRows two({{1, 1}}, {{1, 1}});
  Run run(two.p);
  // Both rows are made from 3 to 8 and leave at 10. The first takes link 0 -> 1 from 10 to 14 and is there at 10 + 1 + 3
  // = 14; the second from 14 to 18, there at 18.
  CHECK(run.start(two.readers[0]) == 14);
  CHECK(run.start(two.readers[1]) == 18);
  // Back to the portal by link 1 -> 0: the first is made at 16, leaves at 18, takes the link from 18 to 22; the second is
  // made at 20, leaves at 22, is there at 26 and written at 27.
  CHECK(run.clocks() == 27);
  all_laws_hold(run);
}

TEST_CASE("rows in opposite directions do not meet, and a farther cluster costs hops only") {
  TwoRows two({{3, 1}}, {{2, 1}});
  Run run(two.p);
  // Cluster 3 is one hop down: there at 14. Cluster 2 is two hops either way, which means up: link 0 -> 1 at 10, link 1 ->
  // 2 at 11, the last byte there at 12 + 3 = 15.
  CHECK(run.start(two.readers[0]) == 14);
  CHECK(run.start(two.readers[1]) == 15);
  all_laws_hold(run);
}

TEST_CASE("a layer in two clusters sends its parts of a row, and a reader waits for the last") {
  TwoRows two({{1, 1}}, {{0, 1}});
  two.p.stands_in(0, {{0, 1}, {1, 1}});
  Run run(two.p);
  // The input, 64 B, comes to cluster 1 over the ring: asked for at 0, through the portal at 2, there at 3 + 3 = 6: the
  // row is made from 6 to 11 and leaves at 13. 32 B from cluster 0 take two clocks: there at 13 + 1 + 1 = 15.
  CHECK(run.start(0) == 6);
  CHECK(run.start(two.readers[0]) == 15);
  // The other row does not leave its cluster: 3, 8, 10, 11.
  CHECK(run.start(two.readers[1]) == 11);
  all_laws_hold(run);
}

TEST_CASE("a row goes to a cluster once, however many readers stand in it") {
  Pipeline p;
  const int given = p.input(1);
  const int maker = p.layer(1, 5);
  p.reads(maker, given, window(1, 1, 1, 0), 1);
  for (int i = 0; i < 3; ++i) {
    const int reader = p.layer(1, 2);
    p.reads(reader, maker, window(1, 1, 1, 0), 1);
    p.stands_in(reader, {{1, 1}});
    p.output(reader);
  }
  Run run(p);
  for (int reader = 1; reader <= 3; ++reader) CHECK(run.start(reader) == 14);
  // One row of 64 B there and three back.
  CHECK(run.ledger.traffic()[0].name == "ring");
  CHECK(run.ledger.traffic()[0].sent == 256);
  all_laws_hold(run);
}

}  // namespace
}  // namespace cyclescope::hailo::test
