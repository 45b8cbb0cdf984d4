// Event rate of the bare SystemC kernel through sim/kernel: modules that do nothing but wake themselves.
// Usage: bench_kernel [MODULES [EVENTS]]. Prints one line of JSON: modules, events, seconds, events_per_second.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/module.h"

namespace {

using cyclescope::Femtoseconds;
using cyclescope::kernel::Module;

/// Wakes itself every `period` until `end`.
class Ticker : public Module {
 public:
  Ticker(const std::string& name, Femtoseconds period, Femtoseconds end) : Module(name), period_(period), end_(end) {
    wake_at(period);
  }
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 protected:
  void step() override {
    ++steps_;
    const Femtoseconds next = cyclescope::kernel::now() + period_;
    if (next <= end_) wake_at(next);
  }

 private:
  Femtoseconds period_;
  Femtoseconds end_;
  std::int64_t steps_ = 0;
};

/// A positive number from the command line, or 0.
std::int64_t positive(const char* text) {
  char* rest = nullptr;
  const long long value = std::strtoll(text, &rest, 10);
  return *text != '\0' && *rest == '\0' && value > 0 ? value : 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::int64_t modules = argc > 1 ? positive(argv[1]) : 1'000;
  const std::int64_t events = argc > 2 ? positive(argv[2]) : 2'000'000;
  if (argc > 3 || modules == 0 || events == 0) {
    std::fputs("usage: bench_kernel [MODULES [EVENTS]]\n", stderr);
    return 2;
  }
  try {
    cyclescope::kernel::initialise();
    // Periods of 1 ns and a little more, all different, so that events hardly ever fall together.
    constexpr Femtoseconds kNs = 1'000'000;
    const Femtoseconds end = (events / modules + 1) * kNs;
    std::vector<std::unique_ptr<Ticker>> tickers;
    for (std::int64_t i = 0; i < modules; ++i) {
      tickers.push_back(std::make_unique<Ticker>("ticker_" + std::to_string(i), kNs + 7 * i + 1, end));
    }
    const auto start = std::chrono::steady_clock::now();
    cyclescope::kernel::run_until_quiescent();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::int64_t steps = 0;
    for (const auto& ticker : tickers) steps += ticker->steps();
    std::printf("{\"modules\": %lld, \"events\": %lld, \"seconds\": %.6f, \"events_per_second\": %.0f}\n",
                static_cast<long long>(modules), static_cast<long long>(steps), seconds,
                static_cast<double>(steps) / seconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_kernel: %s\n", error.what());
    return 1;
  }
  return 0;
}
