#include "sim/memory/sram_arbiter.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::memory {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

SramArbiter::SramArbiter(const std::string& name, const SramGeometry& geometry, const Clock& clock,
                         ledger::Ledger& ledger, std::size_t read, std::size_t write)
    : kernel::Module(name), geometry_(geometry), clock_(clock), ledger_(ledger), read_(read), write_(write) {
  if (geometry.banks % geometry.groups != 0) {
    throw InternalError(
        fmt::format("{}: {} banks in {} groups: a multiple expected", name, geometry.banks, geometry.groups));
  }
  busy_until_.assign(static_cast<std::size_t>(geometry.port_count()) * static_cast<std::size_t>(geometry.banks), 0);
}

int SramArbiter::add_client(ledger::LaneId lane, Granted granted) {
  clients_.emplace_back();
  clients_.back().lane = lane;
  clients_.back().granted = std::move(granted);
  return static_cast<int>(clients_.size()) - 1;
}

void SramArbiter::request(int client, const SramRequest& request) {
  const bool valid = request.bytes > 0 && request.group >= 0 && request.group < geometry_.groups && request.bank >= 0 &&
                     request.bank < geometry_.group_banks();
  if (!valid || kernel::now() % clock_.period() != 0) {
    throw InternalError(
        fmt::format("{}: burst of {} bytes in group {} from bank {}: bytes, one of {} groups of {} "
                    "banks and a clock edge expected",
                    name(), request.bytes, request.group, request.bank, geometry_.groups, geometry_.group_banks()));
  }
  const std::int64_t clock = kernel::now() / clock_.period();
  clients_[static_cast<std::size_t>(client)].queue.push_back({request, clock, geometry_.lines(request.bytes)});
  wake_at(clock_.cycles(clock + 1));
}

std::size_t SramArbiter::phase(const SramRequest& request, std::int64_t clock) const {
  const std::int64_t banks = geometry_.group_banks();
  const std::int64_t set = geometry_.port(request.direction) * geometry_.groups + request.group;
  return static_cast<std::size_t>(set * banks + ((request.bank - clock) % banks + banks) % banks);
}

std::int64_t SramArbiter::earliest(const SramRequest& request, std::int64_t from) const {
  const std::int64_t banks = geometry_.group_banks();
  std::int64_t best = INT64_MAX;
  for (std::int64_t clock = from; clock < from + banks; ++clock) {  // every phase once
    const std::int64_t free = std::max(clock, busy_until_[phase(request, clock)]);
    best = std::min(best, clock + round_up(free - clock, banks));
  }
  return best;
}

void SramArbiter::step() {
  const std::int64_t clock = kernel::now() / clock_.period();
  std::vector<std::tuple<std::int64_t, std::size_t>> order;  // age, client
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const Client& client = clients_[i];
    if (!client.queue.empty() && client.queue.front().asked < clock && client.free_at <= clock) {
      order.emplace_back(client.queue.front().asked, i);
    }
  }
  std::sort(order.begin(), order.end());
  for (const auto& [asked, i] : order) {
    Client& client = clients_[i];
    if (busy_until_[phase(client.queue.front().request, clock)] <= clock) grant(client, clock);
  }
  std::int64_t next = INT64_MAX;
  for (const Client& client : clients_) {
    if (client.queue.empty()) continue;
    const std::int64_t from = std::max({client.queue.front().asked + 1, client.free_at, clock + 1});
    next = std::min(next, earliest(client.queue.front().request, from));
  }
  if (next != INT64_MAX) wake_at(clock_.cycles(next));
}

void SramArbiter::grant(Client& client, std::int64_t clock) {
  const Waiting waiting = client.queue.front();
  client.queue.pop_front();
  const std::int64_t end = clock + waiting.lines;
  busy_until_[phase(waiting.request, clock)] = end;
  const std::int64_t considered = std::max(waiting.asked + 1, client.free_at);
  client.free_at = end;
  lines_accessed_ += waiting.lines;
  const SramRequest& request = waiting.request;
  ledger_.count(request.direction == Direction::read ? read_ : write_, request.bytes, request.op);
  const auto record = [&](Leaf cause, std::int64_t from, std::int64_t to, const Release& release) {
    const Femtoseconds until = clock_.cycles(to);
    return Release{ledger_.record(client.lane, request.op, cause, clock_.cycles(from), until, release), until,
                   Reason::resource};
  };
  Release release = record(request.cause, waiting.asked, considered, request.release);
  if (clock > considered) release = record(Leaf::waiting_arbitration, considered, clock, release);
  client.granted({request.tag, {clock, end, end + geometry_.latency}, release});
}

}  // namespace cyclescope::memory
