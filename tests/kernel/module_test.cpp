// Waking modules: when, how often, how precisely, and what happens when one throws.
#include "sim/kernel/module.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "sim/base/error.h"
#include "tests/kernel/scripted.h"

namespace cyclescope::kernel {
namespace {

using test::Instants;
using test::Scripted;

TEST_CASE("a module that nobody wakes never steps") {
  initialise();
  Scripted silent("silent");
  Scripted other("other");
  other.wake_at(5);
  run_until_quiescent();
  CHECK(silent.steps.empty());
  CHECK(other.steps == Instants{5});
}

TEST_CASE("wakes come in order of time, and equal ones merge") {
  initialise();
  Scripted module("module");
  for (const Femtoseconds t : {30, 10, 20, 10, 30, 0, 20, 0}) module.wake_at(t);
  run_until_quiescent();
  CHECK(module.steps == Instants{0, 10, 20, 30});
  CHECK(now() == 30);
}

TEST_CASE("equal wakes merge, however many instants are pending") {
  initialise();
  Scripted module("module");
  Scripted other("other");
  constexpr Femtoseconds kInstants = 5'000;
  Instants all;
  for (Femtoseconds t = 0; t < kInstants; ++t) all.push_back(t * 709'220);
  for (const Femtoseconds t : all) module.wake_at(t);
  for (const Femtoseconds t : all) other.wake_at(t);
  for (auto t = all.rbegin(); t != all.rend(); ++t) module.wake_at(*t);
  run_until_quiescent();
  CHECK((module.steps == all));
  CHECK((other.steps == all));
}

TEST_CASE("a wake for the present instant merges with one that is due in it") {
  initialise();
  Scripted first("first");
  Scripted second("second");
  first.at(10, [&] { second.wake_at(10); });
  for (const Femtoseconds t : {10, 20, 30, 40}) second.wake_at(t);
  run_until_quiescent();
  CHECK(second.steps == Instants{10, 20, 30, 40});
}

TEST_CASE("an earlier wake overtakes a pending one, which is kept") {
  initialise();
  Scripted module("module");
  Scripted other("other");
  module.wake_at(100);
  other.at(40, [&] { module.wake_at(60); });  // while the wake at 100 is pending
  other.at(50, [&] { module.wake_at(80); });  // between two pending ones
  run_until_quiescent();
  CHECK(module.steps == Instants{60, 80, 100});
}

TEST_CASE("time can be let pass with nothing to do, and with whatever happens meanwhile") {
  initialise();
  Scripted module("module");
  run_until_quiescent();
  advance_to(40);
  CHECK(now() == 40);
  module.wake_at(60);
  module.wake_at(90);
  advance_to(70);
  CHECK(now() == 70);
  CHECK(module.steps == Instants{60});
  advance_to(50);  // the past
  CHECK(now() == 70);
  run_until_quiescent();
  CHECK(module.steps == Instants{60, 90});
}

TEST_CASE("a later wake does not postpone a pending one") {
  initialise();
  Scripted module("module");
  module.at(10, [&] {
    module.wake_at(50);
    module.wake_at(20);
    module.wake_at(90);
  });
  run_until_quiescent();
  CHECK(module.steps == Instants{10, 20, 50, 90});
}

TEST_CASE("a module woken for the current instant by another still steps at that instant") {
  initialise();
  Scripted first("first");
  Scripted second("second");
  first.at(10, [&] { second.wake_at(10); });
  second.wake_at(70);
  run_until_quiescent();
  CHECK(second.steps == Instants{10, 70});
}

TEST_CASE("a module can wake itself for ever later, one femtosecond at a time") {
  initialise();
  Scripted module("module");
  module.wake_at(1);
  module.always = [&] {
    if (module.steps.size() < 5) module.wake_at(now() + 1);
  };
  run_until_quiescent();
  CHECK(module.steps == Instants{1, 2, 3, 4, 5});
}

TEST_CASE("time is resolved to one femtosecond, near zero and after minutes") {
  initialise();
  CHECK(sc_core::sc_get_time_resolution().to_seconds() == Approx(1e-15));
  constexpr Femtoseconds kMinutes = 300'000'000'000'000'000;  // 300 s
  Scripted module("module");
  // 709 220 fs, a clock of 1.41 GHz, is not a whole number of picoseconds.
  for (const Femtoseconds t : {Femtoseconds{709'220}, Femtoseconds{709'221}, kMinutes, kMinutes + 1}) module.wake_at(t);
  run_until_quiescent();
  CHECK(module.steps == Instants{709'220, 709'221, kMinutes, kMinutes + 1});
  CHECK_NOTHROW(initialise());  // harmless, even now
}

TEST_CASE("a wake in the past reaches the caller as the internal error it is") {
  initialise();
  Scripted module("culprit");
  Scripted later("later");
  module.at(100, [&] { module.wake_at(99); });
  later.wake_at(200);
  try {
    run_until_quiescent();
    FAIL("no error came out");
  } catch (const InternalError& error) {
    CHECK(error.exit_code() == 1);
    CHECK_THAT(error.what(), Catch::Contains("culprit") && Catch::Contains("99") && Catch::Contains("100"));
  }
  CHECK(later.steps.empty());  // the run stopped there
}

TEST_CASE("an error thrown in a step keeps its type, exit code and words") {
  initialise();
  Scripted module("module");
  module.at(10, [] { throw NotModelled("softmax: no rule"); });
  try {
    run_until_quiescent();
    FAIL("no error came out");
  } catch (const NotModelled& error) {
    CHECK(error.exit_code() == 3);
    CHECK(error.what() == std::string("softmax: no rule"));
  }
}

TEST_CASE("an error that is not ours comes out unchanged too") {
  initialise();
  Scripted module("module");
  module.at(10, [] { throw std::out_of_range("index 9"); });
  CHECK_THROWS_AS(run_until_quiescent(), std::out_of_range);
}

TEST_CASE("after quiescence a second batch runs, from the present instant on") {
  initialise();
  Scripted first("first");
  Scripted second("second");
  first.wake_at(100);
  run_until_quiescent();
  CHECK(now() == 100);
  run_until_quiescent();  // nothing pending: nothing happens
  CHECK(now() == 100);

  CHECK_THROWS_AS(first.wake_at(99), InternalError);
  second.wake_at(100);  // the very instant at which the first batch ended
  first.at(150, [&] { second.wake_at(151); });
  run_until_quiescent();
  CHECK(first.steps == Instants{100, 150});
  CHECK(second.steps == Instants{100, 151});

  second.wake_at(1'000);
  run_until_quiescent();
  CHECK(second.steps == Instants{100, 151, 1'000});
}

}  // namespace
}  // namespace cyclescope::kernel
