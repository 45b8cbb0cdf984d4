// Verdicts on sets of results made by hand (claim_support.h); expected figures are worked out here.
#include "sim/run/claim_evaluate.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "sim/run/claim_causes.h"
#include "tests/run/claim_support.h"

namespace cyclescope::run {
namespace {

using results::MatrixStatus;
using testing::claim;
using testing::simulated_row;
using testing::waiting_row;
using testing::with_status;
using Rows = std::vector<ClaimRow>;

Verdict verdict(const std::string& check, const Rows& rows) { return evaluate(claim(check), rows, "steady").verdict; }

/// The simulated figure of the only test.
ClaimFigure figure(const std::string& check, const Rows& rows) {
  return evaluate(claim(check), rows, "steady").tests.at(0).simulated;
}

std::optional<double> estimated(const std::string& check, const Rows& rows) {
  return evaluate(claim(check), rows, "steady").tests.at(0).estimated;
}

/// Estimates 8, 4, 2 ms; simulated 6, 4 ms, and one that waits.
Rows three() { return {simulated_row("a", 8, 6), simulated_row("b", 4, 4), waiting_row("c", 2)}; }

}  // namespace

TEST_CASE("a ratio is confirmed or refuted by its own digits") {  // 6 / 4 = 1.5
  CHECK(verdict("ratio(latency, a/net/int8, b/net/int8) = 1.5", three()) == Verdict::confirmed);
  CHECK(verdict("ratio(latency, a/net/int8, b/net/int8) = 2", three()) == Verdict::confirmed);  // 1.5 prints as 2
  CHECK(verdict("ratio(latency, a/net/int8, b/net/int8) = 1.6", three()) == Verdict::refuted);
  CHECK(verdict("ratio(latency, a/net/int8, b/net/int8) = 1.50", three()) == Verdict::confirmed);
  CHECK(verdict("ratio(latency, a/net/int8, b/net/int8) = 1.51", three()) == Verdict::refuted);
  CHECK(estimated("ratio(latency, a/net/int8, b/net/int8) = 1.5", three()) == Approx(2));  // 8 / 4
}

TEST_CASE("a claim about a row without a result waits for its platform and names it") {
  const Claim about = claim("ratio(latency, a/net/int8, c/net/int8) = 1.5");
  const Rows rows = three();
  const ClaimResult result = evaluate(about, rows, "steady");
  CHECK(result.verdict == Verdict::waiting);
  REQUIRE(missing_rows(result).size() == 1);
  CHECK(missing_rows(result).front()->label() == "c/net/int8");
  CHECK(causes(result) == "no figure of c/net/int8 (waiting for a platform: family x is not modelled yet).");
  CHECK(*result.tests[0].estimated == Approx(4));  // 8 / 2
}

TEST_CASE("of many rows that are missing the platforms are named") {
  const Rows rows{waiting_row("a", 1), waiting_row("a", 1, "fp16"), waiting_row("b", 1), waiting_row("c", 1)};
  const Claim all = claim("count(latency, */net/*, < 2) = 4");
  CHECK(causes(evaluate(all, rows, "steady")) ==
        "no figure of 4 rows of a, b, c (waiting for a platform: family x is not modelled yet).");
}

TEST_CASE("a row outside a narrowed matrix is another matter than one that waits") {
  Rows rows = three();
  rows[2].in_matrix = false;
  CHECK(verdict("value(latency, c/net/int8) = 2", rows) == Verdict::absent);
}

TEST_CASE("a refused row makes a claim not testable, a failed one fails the evaluation") {
  Rows rows = three();
  rows[2] = with_status(rows[2], MatrixStatus::refused, "does not fit");
  CHECK(verdict("value(latency, c/net/int8) = 2", rows) == Verdict::not_testable);
  CHECK(verdict("count(analysed, */net/int8, = 1) = 3", rows) == Verdict::refuted);
  rows[2] = with_status(rows[2], MatrixStatus::failed, "a crash");
  CHECK(verdict("value(latency, c/net/int8) = 2", rows) == Verdict::failed);
}

TEST_CASE("flags of a refused row are 0, so that it refutes what is said to run") {
  const Rows rows{with_status(waiting_row("a", 1), MatrixStatus::refused, "integers only"), simulated_row("b", 8, 6)};
  CHECK(verdict("value(native, a/net/int8) = 1", rows) == Verdict::refuted);
  CHECK(verdict("count(native, a+b/net/int8, = 1) = 2", rows) == Verdict::refuted);
  CHECK(verdict("count(native, a+b/net/int8, = 1) = 1", rows) == Verdict::confirmed);
  CHECK(verdict("value(latency, a/net/int8) = 1", rows) == Verdict::not_testable);
  const Claim all = claim("count(native, a/net/int8, = 1) = 1");
  CHECK(causes(evaluate(all, rows, "steady")) ==
        "0 of 1 rows with a result or refused have native = 1; a/net/int8 is refused (integers only).");
}

TEST_CASE("a claim without tests is not testable and gives its reason") {
  Claim price;
  price.not_testable = "A price is no outcome.";
  const Rows rows = three();
  const ClaimResult result = evaluate(price, rows, "steady");
  CHECK(result.verdict == Verdict::not_testable);
  CHECK(causes(result) == "A price is no outcome.");
}

TEST_CASE("a count is decided as soon as the rows that wait cannot change it") {
  const Rows rows = three();                                                         // 6, 4, ?
  CHECK(verdict("count(latency, */net/int8, < 5) = 3", rows) == Verdict::refuted);   // at most 2
  CHECK(verdict("count(latency, */net/int8, < 10) = 3", rows) == Verdict::waiting);  // 2 or 3
  CHECK(verdict("count(latency, */net/int8, < 10) >= 2", rows) == Verdict::confirmed);
  CHECK(verdict("count(latency, a+b/net/int8, <= 4) = 1", rows) == Verdict::confirmed);
  CHECK(figure("count(latency, */net/int8, < 10) = 3", rows).low == 2);
  CHECK(figure("count(latency, */net/int8, < 10) = 3", rows).high == 3);
  CHECK(estimated("count(latency, */net/int8, < 5) = 3", rows) == Approx(2));  // 4 and 2 of 8, 4, 2
}

TEST_CASE("extremes are bounds while rows wait") {
  const Rows rows = three();
  CHECK(verdict("least(latency, */net/int8) = 5", rows) == Verdict::refuted);     // already 4
  CHECK(verdict("least(latency, */net/int8) = 3", rows) == Verdict::waiting);     // may yet come
  CHECK(verdict("greatest(latency, */net/int8) = 5", rows) == Verdict::refuted);  // already 6
  CHECK(verdict("greatest(latency, */net/int8) = 7", rows) == Verdict::waiting);
  CHECK(verdict("greatest(latency, a+b/net/int8) = 6", rows) == Verdict::confirmed);
  CHECK(verdict("spread(latency, */net/int8) = 1.0", rows) == Verdict::refuted);  // already 1.5
  CHECK(verdict("spread(latency, */net/int8) = 2.0", rows) == Verdict::waiting);
  CHECK(verdict("spread(latency, a+b/net/int8) = 1.5", rows) == Verdict::confirmed);
}

TEST_CASE("a count takes = as printed digits too") {
  const Rows rows{simulated_row("a", 8, 3), simulated_row("b", 4, 4)};  // 333.33 and 250 frames/s
  CHECK(figure("count(throughput, */net/int8, = 333.3) = 1", rows).low == 1);
  CHECK(figure("count(throughput, */net/int8, = 333) = 1", rows).low == 1);
  CHECK(figure("count(throughput, */net/int8, = 333.4) = 1", rows).low == 0);
}

TEST_CASE("bounds decide nothing while no row is known") {
  const Rows rows{waiting_row("c", 2), waiting_row("d", 1)};
  CHECK(verdict("value(energy, c/net/int8) >= 0", rows) == Verdict::waiting);
  CHECK(verdict("ratio(latency, c/net/int8, d/net/int8) >= 0", rows) == Verdict::waiting);
  CHECK(verdict("least(latency, */net/int8) >= 0", rows) == Verdict::waiting);
  CHECK(verdict("inversions(latency, */net/int8) <= 1", rows) == Verdict::waiting);
  CHECK(verdict("count(latency, */net/int8, < 5) >= 0", rows) == Verdict::waiting);
  CHECK(verdict("count(latency, */net/int8, < 5) = 3", rows) == Verdict::waiting);
}

TEST_CASE("inversions are pairs that the simulation orders otherwise than the estimator") {
  CHECK(figure("inversions(latency, a+b/net/int8) = 0", three()).exact());
  CHECK(verdict("inversions(latency, a+b/net/int8) = 0", three()) == Verdict::confirmed);
  CHECK(verdict("inversions(latency, */net/int8) = 0", three()) == Verdict::waiting);
  CHECK(figure("inversions(latency, */net/int8) = 0", three()).high == 2);  // c against a and b
  const Rows turned{simulated_row("a", 8, 3), simulated_row("b", 4, 4), waiting_row("c", 2)};
  CHECK(verdict("inversions(latency, */net/int8) = 0", turned) == Verdict::refuted);
  const Rows level{simulated_row("a", 8, 4), simulated_row("b", 4, 4)};
  CHECK(verdict("inversions(latency, */net/int8) = 0", level) == Verdict::confirmed);  // a tie is none, on either side
  const Rows tied{simulated_row("a", 8, 3), simulated_row("b", 8, 4)};                 // the estimator orders none
  CHECK(verdict("inversions(latency, */net/int8) = 0", tied) == Verdict::confirmed);
}

TEST_CASE("several tests: partly when some hold and others do not") {
  const std::string yes = "value(latency, a/net/int8) = 6";
  const std::string no = "value(latency, b/net/int8) = 5";
  const std::string open = "value(latency, c/net/int8) = 2";
  const Rows rows = three();
  CHECK(verdict(yes + " and " + no, rows) == Verdict::partly);
  CHECK(verdict(no + " and " + open, rows) == Verdict::waiting);  // partly, should the other hold
  CHECK(verdict(no + " and " + no, rows) == Verdict::refuted);
  CHECK(verdict(yes + " and " + no + " and " + open, rows) == Verdict::partly);
  CHECK(verdict(yes + " and " + open, rows) == Verdict::waiting);
  CHECK(verdict(yes + " and " + yes, rows) == Verdict::confirmed);
}

TEST_CASE("metrics, of either side") {
  const Rows rows{simulated_row("a", 8, 4)};  // 1 W for 4 ms: 4 mJ
  CHECK(figure("value(energy, a/net/int8) = 4", rows).low == Approx(4));
  CHECK(estimated("value(energy, a/net/int8) = 4", rows) == Approx(16));
  CHECK(figure("value(throughput, a/net/int8) = 250", rows).low == Approx(250));
  CHECK(estimated("value(throughput, a/net/int8) = 250", rows) == Approx(125));
  CHECK(figure("value(power_of_tdp, a/net/int8) = 1", rows).low == Approx(0.5));
  CHECK(estimated("value(power_of_tdp, a/net/int8) = 1", rows) == Approx(1));
  CHECK(figure("value(compute_energy, a/net/int8) = 1", rows).low == Approx(1.6));
  CHECK(figure("value(static_share, a/net/int8) = 60", rows).low == Approx(60));
  CHECK(figure("value(traffic, a/net/int8) = 20", rows).low == Approx(20));
  CHECK(estimated("value(traffic, a/net/int8) = 20", rows) == Approx(100));
  CHECK(figure("share(latency, conv2d, a/net/int8) = 100", rows).low == Approx(100));
  CHECK(estimated("share(latency, view+squeeze, a/net/int8) = 25", rows) == Approx(25));
  CHECK(estimated("share(traffic, view, a/net/int8) = 20", rows) == Approx(20));
  CHECK(figure("cause(waiting.operand, a/net/int8) = 75", rows).low == Approx(75));
  CHECK_FALSE(estimated("value(clock, a/net/int8) = 1", rows).has_value());
  CHECK(figure("value(clock, a/net/int8) = 1", rows).low == Approx(1));
}

TEST_CASE("a figure that the result does not hold is not invented") {
  const Rows rows{simulated_row("a", 8, 4)};  // no component is called dram
  const Claim claimed = claim("value(byte_energy, a/net/int8) = 0");
  const ClaimResult result = evaluate(claimed, rows, "steady");
  CHECK(result.verdict == Verdict::not_testable);
  CHECK(causes(result) == "no figure of a/net/int8 (its result does not hold it).");
}

TEST_CASE("types that only occur fused have no share") {
  const Rows rows{simulated_row("a", 8, 4)};  // a reshape without bytes, a convolution
  CHECK(verdict("share(traffic, relu, a/net/int8) = 0", rows) == Verdict::not_testable);
  CHECK(verdict("share(latency, relu, a/net/int8) = 0", rows) == Verdict::not_testable);
  CHECK(verdict("share(traffic, reshape, a/net/int8) = 0", rows) == Verdict::confirmed);
}

TEST_CASE("cameras are the whole streams whose frames fit one after another") {
  const Rows rows{simulated_row("a", 8, 4)};
  CHECK(figure("cameras(a/net/int8, 30) = 8", rows).low == 8);  // 33.3 ms / 4 ms = 8.3
  CHECK(estimated("cameras(a/net/int8, 30) = 8", rows) == Approx(4));
  CHECK(verdict("cameras(a/net/int8, 30) >= 10", rows) == Verdict::refuted);
}

TEST_CASE("causes come from the ledgers of the rows that decided") {
  const Rows rows = three();
  const Claim one = claim("value(latency, a/net/int8) = 1");
  CHECK(causes(evaluate(one, rows, "steady")) ==
        "6.000 ms of critical path in a/net/int8: waiting.operand.dram_row 75.0 %, useful.mac 25.0 %.");
  const Claim two = claim("ratio(latency, a/net/int8, b/net/int8) = 1");
  CHECK(causes(evaluate(two, rows, "steady")) ==
        "a/net/int8 takes 2.000 ms more than b/net/int8: waiting.operand.dram_row 75.0 %, useful.mac 25.0 %.");
  const Claim many = claim("count(latency, a+b/net/int8, < 5) = 2");  // a is the exception
  CHECK(causes(evaluate(many, rows, "steady")) ==
        "1 of 2 rows with a result have latency < 5; 6.000 ms of critical path in a/net/int8: waiting.operand.dram_row "
        "75.0 %, useful.mac 25.0 %.");
  const Claim energy = claim("value(energy, a/net/int8) = 1");
  CHECK(causes(evaluate(energy, rows, "steady")) == "6.000 mJ of energy in a/net/int8: idle 60.0 %, array 40.0 %.");
}

TEST_CASE("a selection that matches nothing, or too much, is an error with file and line") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(verdict("value(latency, d/net/int8) = 1", three()),
                    Contains("claims.ini:7") && Contains("[C]") && Contains("d/net/int8") && Contains("0 rows"));
  CHECK_THROWS_WITH(verdict("value(latency, */net/int8) = 1", three()), Contains("exactly one"));
}

}  // namespace cyclescope::run
