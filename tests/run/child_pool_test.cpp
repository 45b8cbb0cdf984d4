// Children: order, results of any size, errors, crashes, signals.
#include "sim/run/child_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

TEST_CASE("outcomes are in order of items, however many children run at once") {
  for (const std::size_t workers : {1, 3, 20}) {
    std::size_t reported = 0;
    const auto outcomes = run_children(
        10, workers,
        [](std::size_t item) {
          usleep(static_cast<useconds_t>((10 - item) * 2000));
          return "item " + std::to_string(item);
        },
        [&](std::size_t done) {
          CHECK(done > reported);
          reported = done;
        });
    CHECK(reported == 10);
    REQUIRE(outcomes.size() == 10);
    for (std::size_t item = 0; item < 10; ++item) {
      CHECK(outcomes[item].ok());
      CHECK(outcomes[item].bytes == "item " + std::to_string(item));
    }
  }
}

TEST_CASE("nothing to do is done at once") {
  CHECK(run_children(0, 4, [](std::size_t) { return std::string(); }).empty());
}

TEST_CASE("a result may be larger than a pipe, and hold any byte") {
  const auto outcomes = run_children(2, 2, [](std::size_t item) {
    std::string bytes(3'000'000, static_cast<char>(item));
    bytes.back() = '\n';
    return bytes;
  });
  for (const ChildOutcome& outcome : outcomes) {
    CHECK(outcome.bytes.size() == 3'000'000);
    CHECK(outcome.bytes.back() == '\n');
  }
}

TEST_CASE("errors keep their exit code and message, crashes are named, the others go on") {
  const auto outcomes = run_children(5, 2, [](std::size_t item) -> std::string {
    if (item == 0) throw InputError("bad input");
    if (item == 1) throw NotModelled("not modelled");
    if (item == 2) throw std::runtime_error("anything");
    if (item == 3) {
      std::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
      std::abort();
    }
    return "fine";
  });
  CHECK((outcomes[0].exit_code == 2 && outcomes[0].bytes == "bad input"));
  CHECK((outcomes[1].exit_code == 3 && outcomes[1].bytes == "not modelled"));
  CHECK((outcomes[2].exit_code == 1 && outcomes[2].bytes == "anything"));
  CHECK(outcomes[3].exit_code == 1);
  CHECK_THAT(outcomes[3].bytes, Catch::Matchers::Contains("signal 6"));
  CHECK((outcomes[4].ok() && outcomes[4].bytes == "fine"));
}

TEST_CASE("a signal to the parent ends the children, and then the parent by that signal") {
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t parent = fork();
    if (parent == 0) {
      std::signal(signal, SIG_DFL);
      close(ends[0]);
      run_children(3, 3, [&](std::size_t) -> std::string {
        static_cast<void>(!write(ends[1], "x", 1));
        for (;;) pause();
      });
      _exit(0);
    }
    close(ends[1]);
    char byte = 0;
    for (int child = 0; child < 3; ++child) REQUIRE(read(ends[0], &byte, 1) == 1);
    kill(parent, signal);
    CHECK(read(ends[0], &byte, 1) == 0);  // the end of the pipe: no child holds it any more
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(parent, &status, 0) == parent);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("there is a processor") { CHECK(processors() >= 1); }

}  // namespace
}  // namespace cyclescope::run
