// Small pipelines against hand timing, clock by clock. s(r), e(r): start and end of row r of a layer; a row that ends at
// e leaves at e + 2 and is at its reader at e + 3. Rows of the graph's input that are asked for at a are there at a + 3:
// one clock outside, one through the portal, one hop. A row of the output that ends at e is written at e + 4.
#include "tests/hailo/pipeline.h"

namespace cyclescope::hailo::test {
namespace {

/// Four rows through two 3 x 3 convolutions with padding 1, of 5 and 3 clocks a row, each behind `capacity` rows of buffer.
struct TwoConvolutions : Pipeline {
  explicit TwoConvolutions(std::int64_t capacity, int port_bytes = 64) {
    config.port_bytes = port_bytes;
    const int given = input(4);
    first = layer(4, 5);
    second = layer(4, 3);
    reads(first, given, window(4, 3, 1, 1), capacity);
    reads(second, first, window(4, 3, 1, 1), capacity);
    output(second);
  }
  int first = 0, second = 0;
};

/// Four rows that are summed with their 3 x 3 convolution; the skip branch holds `capacity` of them.
struct ResidualBlock : Pipeline {
  explicit ResidualBlock(std::int64_t capacity) {
    const int given = input(4);
    fork = layer(4, 4);
    branch = layer(4, 6);
    sum = layer(4, 2, LayerKind::vector);
    reads(fork, given, window(4, 1, 1, 0), 4);
    reads(branch, fork, window(4, 3, 1, 1), 4);
    reads(sum, branch, window(4, 1, 1, 0), 2);
    reads(sum, fork, window(4, 1, 1, 0), capacity);
    output(sum);
  }
  int fork = 0, branch = 0, sum = 0;
};

TEST_CASE("two convolutions of 3 x 3 with padding 1 are right clock by clock") {
  const TwoConvolutions p(4);
  Run run(p);
  // first: all four rows of the input are there at 3, so s = 3, 8, 13, 18, e = 8, 13, 18, 23; at second 11, 16, 21, 26.
  CHECK(run.start(p.first) == 3);
  CHECK(run.end(p.first) == 23);
  // second: row r takes rows up to min(3, r + 1): s = 16, 21, 26, 29, e = 19, 24, 29, 32. Written at 36.
  CHECK(run.start(p.second) == 16);
  CHECK(run.end(p.second) == 32);
  CHECK(run.clocks() == 36);
  all_laws_hold(run);
}

TEST_CASE("rows that are made faster than the port takes them wait for it, and the books say so") {
  const TwoConvolutions p(4, 8);  // 64 B: 8 clocks, after one of set-up
  Run run(p);
  // first: s = 3, 12, 21, 30, e = 12, 21, 30, 39; at second 15, 24, 33, 42. second: s = 24, 33, 42, 51, e = 60; written 64.
  CHECK(run.end(p.first) == 39);
  CHECK(run.start(p.second) == 24);
  CHECK(run.end(p.second) == 60);
  CHECK(run.clocks() == 64);
  // Of the 8 clocks first works 4, second 2.
  CHECK(spent(run, "stage.0", ledger::Leaf::structural_drain) == 4 * 4);
  CHECK(spent(run, "stage.0", ledger::Leaf::useful_mac) == 4 * 4);
  CHECK(spent(run, "stage.1", ledger::Leaf::structural_drain) == 4 * 6);
  all_laws_hold(run);
}

TEST_CASE("places of a buffer come back when no later row takes what is in them") {
  const TwoConvolutions p(3);
  Run run(p);
  // Rows 0 to 2 of the input are there at 3: s(0) = 3, e(0) = 8, s(1) = 8, e(1) = 13. Row 1 is the last to take row 0:
  // its place is known to be free at 14, row 3 is asked for at 14 and there at 17. s(2) = 17, e(2) = 22.
  // first, as a sender: rows 0 to 2 take the three places. Rows come to second at 11, 16, 25: s(0) = 16, e(0) = 19,
  // s(1) = 25, e(1) = 28; only then is row 0 free, known at 29. So first s(3) = 29, e(3) = 34, at second at 37.
  CHECK(run.start(p.first) == 3);
  CHECK(run.end(p.first) == 34);
  // second: s(2) = 37, e(2) = 40; s(3) = 40, e(3) = 43. Written at 47.
  CHECK(run.end(p.second) == 43);
  CHECK(run.clocks() == 47);
  all_laws_hold(run);
}

TEST_CASE("one row less in a buffer costs what the sender then waits for its place") {
  const TwoConvolutions p(4);
  // As the first test, but first's row 3 must wait for the place of row 0, which is free when second has ended row 1: e(1)
  // = 24, known at 25. first: s(3) = 25, e(3) = 30, at second at 33. second: s(2) = 33, e(2) = 36, e(3) = 39; written at 43.
  kernel::initialise();
  ledger::Ledger ledger;
  Chip chip(p.config, p.network, p.plan, p.use, config::Settings(), 1, ledger, Surroundings::ideal);
  chip.run_frame(true);
  CHECK(chip.frame().end.at - chip.frame().start == 36 * kClock);
  chip.lose_credits(p.second, 0, 1);
  chip.run_frame(true);
  CHECK(chip.frame().end.at - chip.frame().start == 43 * kClock);
}

TEST_CASE("a residual block waits for its longer branch") {
  const ResidualBlock p(4);
  Run run(p);
  // fork: s = 3, 7, 11, 15, e = 7, 11, 15, 19; at both readers 10, 14, 18, 22.
  CHECK(run.end(p.fork) == 19);
  // branch: row 0 takes rows 0, 1: s = 14, 20, 26, 32, e = 20, 26, 32, 38; at the sum 23, 29, 35, 41.
  CHECK(run.start(p.branch) == 14);
  CHECK(run.end(p.branch) == 38);
  // sum: s = 23, 29, 35, 41, e = 25, 31, 37, 43. Written at 47.
  CHECK(run.start(p.sum) == 23);
  CHECK(run.end(p.sum) == 43);
  CHECK(run.clocks() == 47);
  all_laws_hold(run);
}

TEST_CASE("a skip branch that is too short holds the fork up") {
  const ResidualBlock p(2);
  Run run(p);
  // fork: rows 0, 1 at 3, 7 (e = 7, 11, there at 10, 14); row 2 needs the place of row 0 at the sum.
  // branch: s(0) = 14, e(0) = 20, at the sum 23; sum: s(0) = 23, e(0) = 25; known at 26: fork s(2) = 26, e(2) = 30, there
  // at 33. branch: s(1) = 33, e(1) = 39, at the sum 42; sum e(1) = 44, known at 45: fork s(3) = 45, e(3) = 49, at 52.
  CHECK(run.end(p.fork) == 49);
  // branch: rows 2 and 3 both take row 3: s(2) = 52, e(2) = 58, e(3) = 64; sum: s(3) = 67, e(3) = 69. Written at 73.
  CHECK(run.end(p.branch) == 64);
  CHECK(run.end(p.sum) == 69);
  CHECK(run.clocks() == 73);
  all_laws_hold(run);
}

TEST_CASE("a chain of stride 2 takes every other row") {
  Pipeline p;
  const int given = p.input(8);
  const int first = p.layer(4, 4);
  const int second = p.layer(2, 5);
  p.reads(first, given, window(8, 3, 2, 1), 4);
  p.reads(second, first, window(4, 1, 2, 0), 2);
  p.output(second);
  Run run(p);
  // first: row r takes rows 2r - 1 to 2r + 1. Rows 0 to 3 are there at 3: s(0) = 3, e(0) = 7; row 0 is free, known at 8:
  // row 4 is there at 11. s(1) = 7, e(1) = 11; rows 1, 2 are free, known at 12: rows 5, 6 are there at 15.
  // Both places at second are taken. It has row 0 at 10: e(0) = 15; that frees rows 0 and 1 (there at 14), known at 16.
  // first: s(2) = 16, e(2) = 20; rows 3, 4 are free, known at 21: row 7 is there at 24. s(3) = 24, e(3) = 28.
  CHECK(run.start(first) == 3);
  CHECK(run.end(first) == 28);
  // second: row 2 is there at 23: s(1) = 23, e(1) = 28. Written at 32; row 3, which nobody takes, is there at 31.
  CHECK(run.start(second) == 10);
  CHECK(run.end(second) == 28);
  CHECK(run.clocks() == 32);
  all_laws_hold(run);
}

TEST_CASE("a chain with dilation 2 waits two rows longer") {
  Pipeline p;
  const int given = p.input(6);
  const int first = p.layer(6, 3);
  const int second = p.layer(6, 4);
  p.reads(first, given, window(6, 1, 1, 0), 6);
  p.reads(second, first, window(6, 3, 1, 2, 2), 6);
  p.output(second);
  Run run(p);
  // first: s = 3, 6, ..., 18, e = 6, 9, ..., 21; at second 9, 12, 15, 18, 21, 24.
  CHECK(run.end(first) == 21);
  // second: row r takes rows r - 2, r, r + 2: row 0 waits for row 2: s = 15, 19, 23, ..., e(5) = 15 + 6 x 4 = 39 (row 5 is
  // there at 24, before s(3) = 27). Written at 43.
  CHECK(run.start(second) == 15);
  CHECK(run.end(second) == 39);
  CHECK(run.clocks() == 43);
  all_laws_hold(run);
}

TEST_CASE("frames of a batch follow each other after the gap between frames") {
  Pipeline p;
  const int given = p.input(2);
  const int only = p.layer(2, 10);
  p.reads(only, given, window(2, 1, 1, 0), 4);
  p.output(only);
  Run run(p, 3);
  // Rows at 3, 13; the next frame 3 clocks after 23: 26, 36; 49, 59, ending at 69. Written at 73.
  CHECK(run.start(only) == 3);
  CHECK(run.end(only) == 69);
  CHECK(run.clocks() == 73);
  CHECK(run.chip->frames_out() == std::vector<Femtoseconds>{27 * kClock, 50 * kClock, 73 * kClock});
  all_laws_hold(run);
}

}  // namespace
}  // namespace cyclescope::hailo::test
