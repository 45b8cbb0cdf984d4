#include "arch/hailo/fanout.h"

#include <algorithm>

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Fanout::Fanout(const ChipContext& chip, Ring& ring, const std::vector<Share>& shares, std::int64_t row_bytes,
               int number, ledger::OperatorIndex op, ledger::LaneId lane)
    : chip_(chip), ring_(ring), row_bytes_(row_bytes), number_(number), op_(op), lane_(lane) {
  std::int64_t all = 0;
  for (const Share& share : shares) all += share.subclusters;
  std::int64_t before = 0;
  std::int64_t sent = 0;
  for (const Share& share : shares) {  // cut from running sums, so that the parts add up
    before += share.subclusters;
    const std::int64_t bytes = checked_mul(row_bytes, before) / all - sent;
    sent += bytes;
    if (bytes > 0) parts_.push_back({share.cluster, bytes});
  }
}

void Fanout::add(kernel::Module& sender, Edge& edge, const std::vector<Share>& clusters) {
  edge.set_sender(sender, static_cast<int>(parts_.size() * clusters.size()), row_bytes_);
  edges_.push_back(&edge);
  for (const Share& share : clusters) {
    auto target = std::find_if(targets_.begin(), targets_.end(),
                               [&](const Target& other) { return other.cluster == share.cluster; });
    if (target == targets_.end()) target = targets_.insert(target, {share.cluster, {}});
    target->edges.push_back(&edge);
  }
}

bool Fanout::credits(Release& release) const {
  for (const Edge* edge : edges_) {
    const Release* credit = edge->credit();
    if (credit == nullptr) return false;
    release = later(release, *credit);
  }
  return true;
}

void Fanout::take() {
  for (Edge* edge : edges_) edge->take();
}

void Fanout::send(std::int64_t row, const Release& leaves) {
  chip_.ledger.sent(chip_.row_traffic, row_bytes_, static_cast<std::int64_t>(edges_.size()));
  const Femtoseconds hop = leaves.at + chip_.clocks(chip_.config.ring_hop);
  Release local{ledger::kOrigin, kNever, Reason::data};
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    for (const Part& part : parts_) {
      if (part.cluster != targets_[target].cluster) {
        ring_.send({part.cluster, targets_[target].cluster, number_, part.bytes, op_, leaves, this, target, row});
        continue;
      }
      if (local.at == kNever) {
        const auto cause = Leaf::waiting_operand_noc;
        local = {chip_.ledger.record(lane_, op_, cause, leaves.at, hop, leaves), hop, Reason::data};
      }
      arrives(target, row, local);
    }
  }
}

void Fanout::arrives(std::size_t target, std::int64_t row, const Release& by) {
  for (Edge* edge : targets_[target].edges) edge->part(row, by);
}

}  // namespace cyclescope::hailo
