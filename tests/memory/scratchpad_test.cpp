// Scratchpad grants against a model that marks every bank at every clock.
#include <map>
#include <set>
#include <utility>

#include "sim/base/error.h"
#include "sim/memory/scratchpad.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

/// Banks and clocks taken, one set per port kind.
class BankModel {
 public:
  BankModel(int banks, BankPorts ports) : banks_(banks), ports_(ports) {}

  std::int64_t reserve(std::int64_t now, int bank, std::int64_t lines, Access access) {
    auto& taken = taken_[ports_ == BankPorts::one_rw ? Access::read : access];
    for (std::int64_t start = now;; ++start) {
      bool free = true;
      for (std::int64_t i = 0; i < lines && free; ++i) free = taken.count({(bank + i) % banks_, start + i}) == 0;
      if (!free) continue;
      for (std::int64_t i = 0; i < lines; ++i) taken.insert({(bank + i) % banks_, start + i});
      return start;
    }
  }

 private:
  int banks_;
  BankPorts ports_;
  std::map<Access, std::set<std::pair<std::int64_t, std::int64_t>>> taken_;
};

void compare(int banks, BankPorts ports, std::uint64_t seed) {
  Random random(seed);
  Scratchpad scratchpad(banks, ports);
  BankModel model(banks, ports);
  std::int64_t now = 0;
  std::int64_t waits = 0;
  std::int64_t lines_read = 0;
  for (int n = 0; n < 600; ++n) {
    now += static_cast<std::int64_t>(random.below(6));
    const int bank = static_cast<int>(random.below(static_cast<std::uint64_t>(banks)));
    const auto lines = static_cast<std::int64_t>(1 + random.below(20));
    const Access access = random.below(2) == 0 ? Access::read : Access::write;
    const Grant grant = scratchpad.reserve(now, bank, lines, access);
    REQUIRE(grant.start == model.reserve(now, bank, lines, access));
    REQUIRE(grant.waited == (grant.start > now));
    waits += grant.start - now;
    lines_read += access == Access::read ? lines : 0;
  }
  CHECK(waits > 0);
  CHECK(scratchpad.lines_read() == lines_read);
}

TEST_CASE("scratchpad grants equal those of a bank-by-bank model, single-port banks") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) compare(1 + static_cast<int>(seed % 9), BankPorts::one_rw, seed);
}

TEST_CASE("scratchpad grants equal those of a bank-by-bank model, 1R1W banks") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) compare(1 + static_cast<int>(seed % 9), BankPorts::one_r_one_w, seed);
}

TEST_CASE("a scratchpad transfer waits for the phase in its way and names it") {
  Scratchpad scratchpad(4, BankPorts::one_rw);
  const Grant first = scratchpad.reserve(10, 0, 8, Access::read);  // phase (0 - 10) mod 4 = 2
  scratchpad.attach(first, 77);
  CHECK(first.start == 10);
  CHECK_FALSE(first.waited);
  const Grant other = scratchpad.reserve(10, 1, 8, Access::write);  // phase 3
  CHECK(other.start == 10);
  // Bank 1 at clock 11: phase 2 is taken by the first; at clock 12 phase 1 is free.
  const Grant second = scratchpad.reserve(11, 1, 2, Access::read);
  CHECK(second.start == 12);
  CHECK(second.waited);
  CHECK(second.blocker == 77);
}

TEST_CASE("1R1W banks let a read and a write share a phase, single-port banks do not") {
  Scratchpad dual(4, BankPorts::one_r_one_w);
  CHECK(dual.reserve(0, 0, 4, Access::read).start == 0);
  CHECK(dual.reserve(0, 0, 4, Access::write).start == 0);
  Scratchpad single(4, BankPorts::one_rw);
  CHECK(single.reserve(0, 0, 4, Access::read).start == 0);
  CHECK(single.reserve(0, 0, 4, Access::write).start == 1);
}

TEST_CASE("a scratchpad refuses the past and banks it does not have") {
  Scratchpad scratchpad(4, BankPorts::one_rw);
  scratchpad.reserve(5, 0, 1, Access::read);
  CHECK_THROWS_AS(scratchpad.reserve(4, 0, 1, Access::read), InternalError);
  CHECK_THROWS_AS(scratchpad.reserve(5, 4, 1, Access::read), InternalError);
  CHECK_THROWS_AS(scratchpad.reserve(5, 0, 0, Access::read), InternalError);
}

}  // namespace
}  // namespace cyclescope::memory::test
