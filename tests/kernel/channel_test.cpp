// Channels: latency, credits, their way back, and the credit that is lost.
#include "sim/kernel/channel.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "tests/kernel/scripted.h"

namespace cyclescope::kernel {
namespace {

using test::Instants;
using test::Scripted;

constexpr Femtoseconds kLatency = 30;
constexpr Femtoseconds kCreditLatency = 20;

/// A producer and a consumer joined by a channel of `capacity`.
struct Pair {
  explicit Pair(std::size_t capacity)
      : producer((initialise(), "producer")), consumer("consumer"),
        channel(producer, consumer, kLatency, capacity, kCreditLatency) {}

  Scripted producer;
  Scripted consumer;
  Channel<int> channel;
};

TEST_CASE("an item is visible after the latency, neither sooner nor later") {
  Pair p(4);
  p.producer.at(100, [&] { p.channel.push(7); });
  p.consumer.at(129, [&] {
    CHECK_FALSE(p.channel.ready());
    CHECK_THROWS_AS(p.channel.pop(), InternalError);
  });
  p.consumer.always = [&] {
    if (now() != 130) return;
    REQUIRE(p.channel.ready());
    CHECK(p.channel.arrival() == 130);
    CHECK(p.channel.front() == 7);
    CHECK(p.channel.pop() == 7);
    CHECK_FALSE(p.channel.ready());
    CHECK_THROWS_AS(p.channel.pop(), InternalError);
  };
  run_until_quiescent();
  CHECK(p.consumer.steps == Instants{129, 130});  // 130: woken by the item
  CHECK(p.producer.steps == Instants{100, 150});  // 150: woken by the credit
}

TEST_CASE("items arrive in the order in which they were pushed, each with its own arrival") {
  Pair p(4);
  std::vector<std::pair<Femtoseconds, int>> got;
  p.producer.at(10, [&] {
    p.channel.push(1);
    p.channel.push(2);
  });
  p.producer.at(15, [&] { p.channel.push(3); });
  p.consumer.always = [&] {
    while (p.channel.ready()) {
      const Femtoseconds arrival = p.channel.arrival();
      got.emplace_back(arrival, p.channel.pop());
    }
  };
  run_until_quiescent();
  CHECK(got == std::vector<std::pair<Femtoseconds, int>>{{40, 1}, {40, 2}, {45, 3}});
}

TEST_CASE("capacity bounds what is under way, and a credit is back after its latency") {
  Pair p(2);
  p.producer.at(0, [&] {
    p.channel.push(1);
    CHECK(p.channel.can_push());
    p.channel.push(2);
    CHECK_FALSE(p.channel.can_push());
    CHECK_THROWS_AS(p.channel.push(3), InternalError);
  });
  p.consumer.at(50, [&] { p.channel.pop(); });  // both items are there since 30; the credit is back at 50 + 20
  p.producer.at(50, [&] { CHECK_FALSE(p.channel.can_push()); });
  p.producer.at(69, [&] { CHECK_FALSE(p.channel.can_push()); });
  p.producer.always = [&] {
    if (now() != 70) return;
    CHECK(p.channel.can_push());
    p.channel.push(3);
    CHECK_FALSE(p.channel.can_push());  // one was popped, one credit came back
  };
  run_until_quiescent();
  CHECK(p.producer.steps == Instants{0, 50, 69, 70});
  CHECK(p.consumer.steps == Instants{30, 50, 100});
}

TEST_CASE("a producer that always has something is held to capacity per round trip") {
  // One credit's round trip: 30 out, popped at once, 20 back = 50. With two credits: pairs every 50.
  Pair p(2);
  Instants arrivals;
  int next = 0;
  p.producer.always = [&] {
    while (next < 6 && p.channel.can_push()) p.channel.push(next++);
  };
  p.consumer.always = [&] {
    while (p.channel.ready()) {
      CHECK(p.channel.front() == static_cast<int>(arrivals.size()));
      p.channel.pop();
      arrivals.push_back(now());
    }
  };
  p.producer.wake_at(0);
  run_until_quiescent();
  CHECK(arrivals == Instants{30, 30, 80, 80, 130, 130});
}

TEST_CASE("a sender may announce a later arrival, but not before the latency nor out of order") {
  Pair p(8);
  p.producer.at(100, [&] {
    CHECK_THROWS_AS(p.channel.push_at(1, 129), InternalError);
    p.channel.push_at(1, 130);
    p.channel.push_at(2, 170);
    p.channel.push_at(3, 170);                                  // together is in order
    CHECK_THROWS_AS(p.channel.push_at(4, 169), InternalError);  // overtakes
    CHECK_THROWS_AS(p.channel.push(4), InternalError);          // would arrive at 130: overtakes as well
  });
  run_until_quiescent();
  CHECK(p.consumer.steps == Instants{130, 170});
  CHECK(p.channel.pop() == 1);
  CHECK(p.channel.pop() == 2);
  CHECK(p.channel.pop() == 3);
  CHECK_FALSE(p.channel.ready());  // the refused ones left nothing behind
}

TEST_CASE("a refused push costs no credit") {
  Pair p(1);
  p.producer.at(100, [&] {
    CHECK_THROWS_AS(p.channel.push_at(1, 110), InternalError);
    CHECK(p.channel.can_push());
  });
  run_until_quiescent();
}

TEST_CASE("a lost credit never comes back") {
  // As above with two credits, but one is lost: single items every 50.
  Pair p(2);
  Instants arrivals;
  int next = 0;
  p.channel.lose_credit();
  p.producer.always = [&] {
    while (next < 4 && p.channel.can_push()) p.channel.push(next++);
  };
  p.consumer.always = [&] {
    while (p.channel.ready()) {
      p.channel.pop();
      arrivals.push_back(now());
    }
  };
  p.producer.wake_at(0);
  run_until_quiescent();
  CHECK(arrivals == Instants{30, 80, 130, 180});
}

TEST_CASE("a credit that is lost while it is in use does not come back either") {
  Pair p(1);
  p.producer.at(0, [&] {
    p.channel.push(1);
    p.channel.lose_credit();
  });
  p.consumer.at(40, [&] { p.channel.pop(); });
  p.producer.at(500, [&] { CHECK_FALSE(p.channel.can_push()); });
  run_until_quiescent();
  CHECK(p.producer.steps.back() == 500);
}

TEST_CASE("a channel needs latency both ways and room for something") {
  initialise();
  Scripted a("a");
  Scripted b("b");
  CHECK_THROWS_AS(Channel<int>(a, b, 0, 1, 1), InternalError);
  CHECK_THROWS_AS(Channel<int>(a, b, 1, 0, 1), InternalError);
  CHECK_THROWS_AS(Channel<int>(a, b, 1, 1, 0), InternalError);
  CHECK_NOTHROW(Channel<int>(a, b, 1, 1, 1));
}

}  // namespace
}  // namespace cyclescope::kernel
