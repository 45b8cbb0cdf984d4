// A platform's memory settings for tests, and a client that issues a list of requests as fast as its port allows.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/config/settings.h"
#include "sim/kernel/module.h"
#include "sim/ledger/ledger.h"
#include "sim/memory/dram.h"

namespace cyclescope::memory::test {

constexpr Femtoseconds kNs = 1'000'000;

/// Settings of a shipped part with `channels` channels and the given overrides.
inline config::Settings part_settings(const std::string& part, int channels,
                                      const std::vector<std::string>& overrides = {}) {
  config::Schema schema;
  declare(schema);
  std::vector<std::string> all = {"dram.channels=" + std::to_string(channels) + " channels"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return config::resolve(schema, std::string(CYCLESCOPE_SOURCE_DIR) + "/configs/memory/" + part + ".ini", all);
}

/// Settings of LPDDR5X-8000.
inline config::Settings settings(int channels, const std::vector<std::string>& overrides = {}) {
  return part_settings("lpddr5x_8000", channels, overrides);
}

/// A request and the earliest time at which the client issues it.
struct Planned {
  Femtoseconds not_before = 0;
  Request request;
};

/// What came back.
struct Answer {
  std::uint64_t tag = 0;
  Femtoseconds issued = 0;
  Femtoseconds at = 0;
  Reply reply;
};

inline Request read_at(std::uint64_t address, std::uint32_t bytes = 256) {
  Request request;
  request.address = address;
  request.bytes = bytes;
  return request;
}

inline Request write_at(std::uint64_t address, std::uint32_t bytes = 256) {
  Request request = read_at(address, bytes);
  request.direction = Direction::write;
  return request;
}

/// Issues its plan in order, on its clock, at most `per_clock` per edge. Tags are positions in the plan.
class Client : public kernel::Module {
 public:
  Client(const std::string& name, Memory& memory, const Clock& clock, int max_outstanding, int per_clock = 1)
      : Module(name),
        clock_(clock),
        per_clock_(per_clock),
        port_(&memory.connect(*this, name, clock, max_outstanding)) {}

  std::vector<Planned> plan;
  std::vector<Answer> answers;
  bool keep_life = true;

  void start(Femtoseconds t) { wake_at(clock_.edge(t)); }
  /// Adds a request that may be issued from t on.
  void add(const Request& request, Femtoseconds t = 0) {
    plan.push_back({t, request});
    plan.back().request.tag = plan.size() - 1;
    issued_.push_back(0);
  }
  [[nodiscard]] Femtoseconds last() const { return last_; }

 protected:
  void step() override {
    const Femtoseconds now = kernel::now();
    while (port_->reply_ready()) {
      Reply reply = port_->take_reply();
      const std::uint64_t tag = reply.tag;
      last_ = now;
      if (keep_life) answers.push_back({tag, issued_[tag], now, std::move(reply)});
    }
    if (now % clock_.period() != 0) return;
    for (int n = 0; n < per_clock_ && next_ < plan.size() && port_->can_issue(); ++n) {
      Planned& planned = plan[next_];
      if (planned.not_before > now) {
        wake_at(clock_.edge(planned.not_before));
        return;
      }
      planned.request.release.at = now;
      issued_[next_++] = now;
      port_->issue(planned.request);
    }
    if (next_ < plan.size() && port_->can_issue()) wake_at(now + clock_.period());
  }

 private:
  Clock clock_;
  int per_clock_;
  Port* port_;
  std::size_t next_ = 0;
  std::vector<Femtoseconds> issued_;
  Femtoseconds last_ = 0;
};

/// A memory with its ledger; the frame is [0, end).
struct Bench {
  explicit Bench(const config::Settings& s, bool ledger_on = true)
      : ledger((kernel::initialise(), ledger_on)), memory(make_memory(s, ledger)) {}

  /// Runs to quiescence and ends the frame when the last client has its last answer.
  void run(const std::vector<Client*>& clients) {
    kernel::run_until_quiescent();
    for (const Client* client : clients) end = std::max(end, client->last());
    memory->finish(end);
    ledger.finish(end);
  }

  /// Sum of all leaves of a lane; unknown must be zero.
  [[nodiscard]] Femtoseconds lane_sum(ledger::LaneId lane) const {
    Femtoseconds sum = 0;
    for (const Femtoseconds part : ledger.time(lane)) sum += part;
    return sum;
  }
  [[nodiscard]] Femtoseconds lane_time(ledger::LaneId lane, ledger::Leaf leaf) const {
    return ledger.time(lane)[static_cast<std::size_t>(leaf)];
  }
  [[nodiscard]] std::int64_t count(const std::string& action) const {
    for (const auto& a : ledger.actions()) {
      if (a.name == action) return a.count;
    }
    return -1;
  }

  ledger::Ledger ledger;
  std::unique_ptr<Memory> memory;
  Femtoseconds end = 0;
};

/// Intervals of a life abut, cover [issued, at) and carry no unknown.
inline void check_life(const Answer& answer) {
  Femtoseconds t = answer.issued;
  for (const LifeInterval& interval : answer.reply.life) {
    REQUIRE(interval.from == t);
    REQUIRE(interval.to > interval.from);
    REQUIRE(interval.cause != ledger::Leaf::unknown);
    t = interval.to;
  }
  REQUIRE(t == answer.at);
}

/// Time of a life in one leaf.
inline Femtoseconds spent(const Answer& answer, ledger::Leaf leaf) {
  Femtoseconds sum = 0;
  for (const LifeInterval& part : answer.reply.life) sum += part.cause == leaf ? part.to - part.from : 0;
  return sum;
}

/// A small deterministic generator (xorshift).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t below(std::uint64_t n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 11) % n;
  }

 private:
  std::uint64_t state_;
};

}  // namespace cyclescope::memory::test
