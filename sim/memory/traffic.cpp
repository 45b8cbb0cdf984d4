#include "sim/memory/traffic.h"

#include <algorithm>
#include <utility>

#include "sim/base/checked.h"

namespace cyclescope::memory {
namespace {

constexpr int kAll = 100;  // percent

/// Transfers of one request, wherever it begins.
int transfers(const TrafficPlan& plan, std::int64_t granule) {
  const bool aligned = granule % plan.bytes == 0 || plan.bytes % granule == 0;
  return static_cast<int>(ceil_div(plan.bytes, granule)) + (aligned ? 0 : 1);
}

}  // namespace

Traffic::Traffic(const std::string& name, Memory& memory, const Clock& clock, TrafficPlan plan)
    : Module(name),
      plan_(std::move(plan)),
      clock_(clock),
      granule_(static_cast<std::uint64_t>(memory.granule())),
      places_(static_cast<std::uint64_t>(memory.capacity() / plan_.bytes)),
      port_(&memory.connect(*this, name, clock, plan_.outstanding * transfers(plan_, memory.granule()))),
      random_(plan_.seed) {
  const auto capacity = static_cast<std::uint64_t>(memory.capacity());
  const bool mixed = plan_.read_percent > 0 && plan_.read_percent < kAll;
  const std::uint64_t middle = mixed ? capacity / 2 : 0;
  streams_[static_cast<std::size_t>(Direction::read)] = {0, mixed ? middle : capacity, 0, 0};
  streams_[static_cast<std::size_t>(Direction::write)] = {middle, capacity, middle, 0};
  const auto slots = static_cast<std::uint32_t>(plan_.outstanding);
  transfers_left_.resize(slots, 0);
  for (std::uint32_t slot = slots; slot > 0; --slot) free_slots_.push_back(slot - 1);
  while ((std::uint32_t{1} << slot_bits_) < slots) ++slot_bits_;
  if (plan_.bytes_per_second == 0) return;
  constexpr Int128 kFemtosecondsPerSecond = 1'000'000'000'000'000;
  const Int128 scaled = plan_.bytes * kFemtosecondsPerSecond;
  spacing_ = checked_narrow(scaled / plan_.bytes_per_second);
  spacing_rest_ = static_cast<std::int64_t>(scaled % plan_.bytes_per_second);
}

void Traffic::start(Femtoseconds t) {
  due_ = t;
  wake_at(clock_.edge(t));
}

void Traffic::step() {
  const Femtoseconds now = kernel::now();
  while (port_->reply_ready()) take(port_->take_reply(), now);
  while (issued_ < plan_.requests && !free_slots_.empty()) {
    if (due_ > now) {
      const Femtoseconds edge = clock_.edge(due_);
      if (edge != planned_wake_) wake_at(edge);
      planned_wake_ = edge;
      return;
    }
    issue(now);
  }
}

void Traffic::take(const Reply& reply, Femtoseconds now) {
  const auto slot = static_cast<std::uint32_t>(reply.tag & ((std::uint64_t{1} << slot_bits_) - 1));
  if (--transfers_left_[slot] > 0) return;
  free_slots_.push_back(slot);
  ++ended_;
  last_ = now;
  for (const LifeInterval& part : reply.life) life_[static_cast<std::size_t>(part.cause)] += part.to - part.from;
  if (reply.life.empty()) throw InternalError("a reply has no life");
  const Femtoseconds latency = now - reply.life.front().from;
  latency_sum_ = checked_add(latency_sum_, latency);
  const auto clocks = static_cast<std::size_t>(latency / clock_.period());
  if (clocks >= latencies_.size()) latencies_.resize(clocks + 1, 0);
  ++latencies_[clocks];
}

void Traffic::issue(Femtoseconds now) {
  Request request;
  request.direction = next_direction();
  request.role = request.direction == Direction::read ? Role::weights : Role::output;
  request.release.at = now;
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  std::uint64_t address = next_address(request.direction);
  for (auto left = static_cast<std::uint64_t>(plan_.bytes); left > 0;) {
    const std::uint64_t bytes = std::min(left, granule_ - address % granule_);
    request.tag = next_tag_++ << slot_bits_ | slot;
    request.address = address;
    request.bytes = static_cast<std::uint32_t>(bytes);
    ++transfers_left_[slot];
    port_->issue(request);
    address += bytes;
    left -= bytes;
  }
  ++issued_;
  due_ += spacing_;
  rest_ += spacing_rest_;
  if (rest_ >= plan_.bytes_per_second && rest_ > 0) {
    rest_ -= plan_.bytes_per_second;
    ++due_;
  }
}

Direction Traffic::next_direction() {
  read_share_ += plan_.read_percent;
  if (read_share_ < kAll) return Direction::write;
  read_share_ -= kAll;
  return Direction::read;
}

std::uint64_t Traffic::next_address(Direction direction) {
  const auto bytes = static_cast<std::uint64_t>(plan_.bytes);
  if (plan_.order == AddressOrder::random) return next_random(places_) * bytes;
  if (plan_.order == AddressOrder::listed) {
    const std::uint64_t address = plan_.addresses[listed_];
    listed_ = listed_ + 1 == plan_.addresses.size() ? 0 : listed_ + 1;
    return address;
  }
  Stream& stream = streams_[static_cast<std::size_t>(direction)];
  const auto stride = static_cast<std::uint64_t>(plan_.stride);
  if (stream.next + bytes > stream.end) {
    stream.lap = stream.lap + bytes == stride ? 0 : stream.lap + bytes;
    stream.next = stream.begin + stream.lap;
  }
  const std::uint64_t address = stream.next;
  stream.next += stride;
  return address;
}

std::uint64_t Traffic::next_random(std::uint64_t below) {
  // SplitMix64 (Steele, Lea, Flood 2014): every seed is as good as another.
  random_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t bits = random_;
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9ULL;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EBULL;
  bits ^= bits >> 31;
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(bits) * below >> 64);
}

}  // namespace cyclescope::memory
