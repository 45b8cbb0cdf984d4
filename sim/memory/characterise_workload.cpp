// Patterns by name, and the workload that a memory is loaded with when it is not said otherwise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/checked.h"
#include "sim/base/suggest.h"
#include "sim/memory/characterise.h"

namespace cyclescope::memory {
namespace {

constexpr std::int64_t kMostRequests = 100'000'000;
constexpr std::int64_t kMostOutstanding = 65'536;  // transfers
constexpr std::int64_t kLargestRequest = 65'536;   // bytes

void in_range(const char* what, std::int64_t value, std::int64_t minimum, std::int64_t maximum) {
  if (value >= minimum && value <= maximum) return;
  throw InputError(fmt::format("{} of {}: expected {} to {}", what, value, minimum, maximum));
}

std::int64_t default_bytes(const Workload& workload, const DramConfig& config) {
  if (workload.pattern == Pattern::random32) return 32;
  if (workload.pattern == Pattern::random64) return 64;
  if (workload.pattern == Pattern::random256) return 256;
  if (workload.pattern == Pattern::pingpong) return config.burst_bytes;
  return workload.request_bytes != 0 ? workload.request_bytes : config.granule;
}

bool sequential(Pattern pattern) {
  return pattern == Pattern::read || pattern == Pattern::write || pattern == Pattern::mix;
}

void check_stride(const Workload& workload, const DramConfig& config) {
  const std::int64_t bytes = workload.request_bytes;
  if (workload.stride <= 0 || workload.stride % bytes != 0 || workload.stride > config.capacity() / 2) {
    throw InputError(
        fmt::format("stride of {} B: expected a multiple of the request ({} B), at most half the "
                    "capacity ({} B)",
                    workload.stride, bytes, config.capacity() / 2));
  }
}

void check_load(const Workload& workload, const DramConfig& config) {
  if (workload.bytes_per_second == 0) return;
  in_range("load in B/s", workload.bytes_per_second, 1, config.peak_bytes_per_second());
  constexpr std::int64_t kLongest = 10;  // seconds
  const Int128 bytes = Int128{workload.requests} * workload.request_bytes;
  if (bytes / workload.bytes_per_second < kLongest) return;
  throw InputError(
      fmt::format("{} requests of {} B at {} B/s take more than {} s: expected a higher load or fewer "
                  "requests",
                  workload.requests, workload.request_bytes, workload.bytes_per_second, kLongest));
}

}  // namespace

const std::vector<PatternInfo>& patterns() {
  static const std::vector<PatternInfo> table{
      {"read", "sequential reads"},
      {"write", "sequential writes"},
      {"mix", "sequential reads and writes in turn, each in a half of the memory"},
      {"strided", "reads, each a stride after the last"},
      {"random32", "reads of 32 B at random addresses"},
      {"random64", "reads of 64 B at random addresses"},
      {"random256", "reads of 256 B at random addresses"},
      {"pingpong", "reads of one burst in one bank, every one in another row than those before it"}};
  return table;
}

const char* name(Pattern pattern) { return patterns()[static_cast<std::size_t>(pattern)].name; }

Pattern parse_pattern(const std::string& text) {
  std::vector<std::string> known;
  for (const PatternInfo& info : patterns()) known.emplace_back(info.name);
  const auto found = std::find(known.begin(), known.end(), text);
  if (found != known.end()) return static_cast<Pattern>(found - known.begin());
  throw InputError(
      fmt::format("unknown pattern '{}'{}; expected one of {}", text, suggestion(text, known), fmt::join(known, ", ")));
}

Workload complete(const Workload& workload, const DramConfig& config) {
  constexpr std::int64_t kBursts = 400'000;
  constexpr std::int64_t kBurstsPerBus = 10'000;  // so that the first latency does not count
  constexpr std::int64_t kBurstsUnderWay = 128;   // of a data bus: its queue twice
  constexpr std::int64_t kFewest = 16;
  constexpr std::int64_t kStride = 4096;
  Workload full = workload;
  full.request_bytes = default_bytes(workload, config);
  in_range("request bytes", full.request_bytes, 1, std::min(kLargestRequest, config.capacity() / 2));
  const std::int64_t bursts = ceil_div(full.request_bytes, config.burst_bytes);
  const bool one_bank = full.pattern == Pattern::pingpong;
  if (full.requests == 0) {
    const std::int64_t all = std::max(kBursts, kBurstsPerBus * config.data_buses());
    full.requests = one_bank ? kBurstsPerBus : ceil_div(all, bursts);
  }
  if (full.outstanding == 0) {
    const std::int64_t enough = ceil_div(kBurstsUnderWay * config.data_buses(), bursts);
    full.outstanding = one_bank ? kFewest : std::clamp(enough, kFewest, kMostOutstanding / 2);
  }
  in_range("number of requests", full.requests, 1, kMostRequests);
  const std::int64_t transfers = ceil_div(full.request_bytes, config.granule) + 1;
  in_range("requests outstanding", full.outstanding, 1, kMostOutstanding / transfers);
  in_range("percentage of reads", full.read_percent, 0, 100);
  if (full.pattern != Pattern::mix) full.read_percent = full.pattern == Pattern::write ? 0 : 100;
  if (full.pattern == Pattern::strided) {
    if (full.stride == 0) full.stride = round_up(kStride, full.request_bytes);
    check_stride(full, config);
  } else {
    full.stride = sequential(full.pattern) ? full.request_bytes : 0;
  }
  check_load(full, config);
  return full;
}

}  // namespace cyclescope::memory
