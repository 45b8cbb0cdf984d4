#include "arch/hailo/ring.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Ring::Ring(const ChipContext& chip) : kernel::Module("ring"), chip_(chip) {
  for (std::size_t direction = 0; direction < links_.size(); ++direction) {
    for (int cluster = 0; cluster < chip.config.clusters; ++cluster) {
      const std::string name = fmt::format("ring.{}.{}", cluster, direction == 0 ? "up" : "down");
      links_[direction].push_back({ledger::Lane(chip.ledger, name, chip.clock.period()), {}});
    }
  }
}

void Ring::send(const Message& message) {
  const int clusters = chip_.config.clusters;
  const int up = (message.to - message.from + clusters) % clusters;
  if (up == 0) throw InternalError("a message from a cluster to itself on the ring");
  const int down = clusters - up;
  heads_.push(
      {message.leaves.at, sent_++, message.from, up <= down ? 0 : 1, std::min(up, down), message, message.leaves});
  chip_.ledger.sent(chip_.ring_traffic, message.bytes);
  wake_at(message.leaves.at);
}

void Ring::step() {
  while (!heads_.empty() && heads_.top().at <= kernel::now()) {
    Head head = heads_.top();
    heads_.pop();
    take_link(std::move(head));
  }
}

void Ring::take_link(Head head) {
  Link& link = links_[static_cast<std::size_t>(head.direction)][static_cast<std::size_t>(head.cluster)];
  const Release release = later(head.release, link.free);
  const Femtoseconds start = release.at;
  const std::int64_t clocks = std::max<std::int64_t>(1, ceil_div(head.message.bytes, chip_.config.ring_bytes));
  const Femtoseconds passed = start + chip_.clocks(clocks);
  const Femtoseconds next = start + chip_.clocks(chip_.config.ring_hop);
  const Femtoseconds tail = next + chip_.clocks(clocks - 1);
  const ledger::ActivityId hop =
      chip_.ledger.record(link.lane.id(), head.message.op, Leaf::waiting_operand_noc, start, tail, release);
  link.lane.idle_until(start);
  link.lane.busy_until(passed, Leaf::useful_transfer);
  link.free = {hop, passed, Reason::resource};
  chip_.ledger.count(chip_.actions.ring_hop, head.message.bytes, head.message.op);
  if (head.hops > 1) {
    const int clusters = chip_.config.clusters;
    head.cluster = (head.cluster + (head.direction == 0 ? 1 : clusters - 1)) % clusters;
    --head.hops;
    head.at = next;
    head.release = {hop, next, Reason::data};
    heads_.push(std::move(head));
    wake_at(next);
    return;
  }
  const bool dropped = static_cast<std::int64_t>(head.number) == drop_;
  chip_.ledger.received(chip_.ring_traffic, head.message.bytes - (dropped ? 1 : 0));
  head.message.receiver->arrives(head.message.target, head.message.row, {hop, tail, Reason::data});
}

void Ring::restart(Femtoseconds t0) {
  sent_ = 0;
  for (std::vector<Link>& direction : links_) {
    for (Link& link : direction) {
      link.lane.restart(t0);
      link.free = {ledger::kOrigin, t0, Reason::resource};
    }
  }
}

void Ring::finish(Femtoseconds end) {
  for (std::vector<Link>& direction : links_) {
    for (Link& link : direction) link.lane.finish(end);
  }
}

}  // namespace cyclescope::hailo
