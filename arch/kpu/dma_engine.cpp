#include "arch/kpu/dma_engine.h"

#include <algorithm>
#include <utility>

#include "sim/base/checked.h"

namespace cyclescope::kpu {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

DmaEngine::DmaEngine(const ChipContext& chip, int engine, noc::Mesh& mesh, const CreditBoard& credits,
                     const std::vector<Copies>& routes)
    : Engine(chip, "dma", engine),
      mesh_(mesh),
      credits_(credits),
      routes_(routes),
      pending_(static_cast<std::size_t>(chip.config.dma_outstanding)),
      assemblies_(pending_.size()) {}

void DmaEngine::schedule_frame(Femtoseconds t0, bool resident_loaded) {
  const Release start{ledger::kOrigin, t0, Reason::issue};
  resident_loaded_ = resident_loaded;
  next_ = 0;
  issued_ = 0;
  requested_ = 0;
  written_ = 0;
  started_ = false;
  ready_ = answered_ = left_ = last_issue_ = start;
  active_until_ = t0;
  next_issue_ = t0;
  gates_.assign(chip_.program.ops.size(), {ledger::kOrigin, kNever, Reason::credit});
  in_memory_ = gates_;
  stored_up_to_ = -1;
  waits_for_ = -1;
  skip_resident();
  if (!chip_.config.ideal_operands) wake_at(t0);
}

void DmaEngine::skip_resident() {
  while (next_ < loads().size() && loads()[next_].resident && resident_loaded_) ++next_;
}

void DmaEngine::completed(std::int32_t op, const Release& release) {
  gates_[static_cast<std::size_t>(op)] = release;
  if (!chip_.config.ideal_operands) wake_at(release.at);
}

void DmaEngine::stored_up_to(std::int32_t op, const Release& release) {
  while (stored_up_to_ < op) in_memory_[static_cast<std::size_t>(++stored_up_to_)] = release;
  if (!chip_.config.ideal_operands) wake_at(release.at);
}

void DmaEngine::credit_known(std::int32_t token, Femtoseconds at) {
  if (waits_for_ == token) wake_at(at);
}

void DmaEngine::deliver(noc::Site, const noc::Packet& packet, const Release& by) {
  // It can be issued from the next clock on: what else happens at this instant does not matter.
  const Femtoseconds now = kernel::now();
  const Femtoseconds ready = now + chip_.clocks(1);
  const ledger::ActivityId taken =
      chip_.ledger.record(lane_.id(), packet.op, Leaf::overhead_descriptor, now, ready, by);
  stores_.emplace_back(packet, Release{taken, ready, Reason::data});
  wake_at(ready);
}

void DmaEngine::step() {
  full_ = false;
  take_replies();
  collect_taken();
  while (true) {
    if (under_way_ >= chip_.config.dma_outstanding || !port_->can_issue()) {  // woken by a reply or the next tail
      full_ = true;
      if (!taken_.empty()) wake_at(taken_.front().at);
      return;
    }
    if (kernel::now() < next_issue_) {
      wake_at(next_issue_);
      return;
    }
    if (issue_store()) continue;
    if (!start_descriptor() || !issue_load()) return;
  }
}

void DmaEngine::take_replies() {
  while (port_->reply_ready()) {
    const memory::Reply reply = port_->take_reply();
    const Pending pending = std::exchange(pending_[reply.tag], {});
    const Femtoseconds now = kernel::now();
    const Release data{reply.activity, now, Reason::data};
    active_until_ = std::max(active_until_, now);
    if (pending.assembly == kWrite) {
      stored_(pending.op, pending.bytes, data);
      --under_way_;
      answered_ = {reply.activity, now, Reason::credit};
      continue;
    }
    Assembly& assembly = assemblies_[static_cast<std::size_t>(pending.assembly)];
    if (--assembly.missing > 0) continue;
    // Copies but the first take room beyond the limit until they have left.
    under_way_ += assembly.requests * (static_cast<int>(assembly.routes->size()) - 1);
    queued_.insert(queued_.end(), assembly.routes->size(), assembly.requests);
    for (const noc::RouteId route : *assembly.routes) mesh_.inject(route, assembly.packet, data);
  }
}

void DmaEngine::injected(noc::Site, const noc::Injection& injection) {
  taken_.push_back({injection.tail_taken, injection.activity, queued_.front()});
  queued_.pop_front();
  active_until_ = std::max(active_until_, injection.tail_taken);
  if (full_ && taken_.size() == 1) wake_at(injection.tail_taken);
}

void DmaEngine::collect_taken() {
  while (!taken_.empty() && taken_.front().at <= kernel::now()) {
    left_ = {taken_.front().by, taken_.front().at, Reason::credit};
    under_way_ -= taken_.front().requests;
    taken_.pop_front();
  }
}

bool DmaEngine::issue_store() {
  if (stores_.empty() || stores_.front().second.at > kernel::now()) return false;
  const auto& [packet, by] = stores_.front();
  const std::int64_t bytes = std::min(to_granule(packet.offset + written_), packet.bytes - written_);
  issue({kWrite, packet.op, bytes}, packet.offset + written_, ledger::latest({by, slot(), last_issue_}),
        memory::Role::output);
  written_ += bytes;
  if (written_ == packet.bytes) {
    written_ = 0;
    stores_.pop_front();
  }
  return true;
}

bool DmaEngine::start_descriptor() {
  if (started_) return kernel::now() >= ready_.at;
  if (next_ == loads().size()) return false;
  const Load& load = loads()[next_];
  Release release = ledger::latest({ready_, slot(), last_issue_});
  if (load.gate >= 0) {
    const Release& gate = gates_[static_cast<std::size_t>(load.gate)];
    if (gate.at > kernel::now()) return false;  // woken by completed()
    release = later(gate, release);
  }
  if (load.stored >= 0) {
    const Release& there = in_memory_[static_cast<std::size_t>(load.stored)];
    if (there.at > kernel::now()) return false;  // woken by stored_up_to()
    release = later(there, release);
  }
  if (load.credit >= 0) {
    const Release* free = credits_.free(load.credit);
    waits_for_ = load.credit;
    if (free == nullptr) {  // woken by credit_known(), if it is not under way already
      if (credits_.known_at(load.credit) != kNever) wake_at(credits_.known_at(load.credit));
      return false;
    }
    release = later(*free, release);
  }
  const Femtoseconds now = kernel::now();
  const Femtoseconds done = now + chip_.clocks(chip_.config.dma_setup);
  const ledger::ActivityId setup =
      chip_.ledger.record(lane_.id(), load.op, Leaf::overhead_descriptor, now, done, release);
  lane_.busy_until(!queued_.empty() ? now : std::min(now, active_until_), Leaf::useful_transfer);
  lane_.wait_until(now, release);
  lane_.busy_until(done, Leaf::overhead_descriptor);
  chip_.ledger.count(chip_.actions.descriptor, 1, load.op);
  ready_ = {setup, done, Reason::issue};
  started_ = true;
  wake_at(done);
  return false;
}

void DmaEngine::begin_assembly(const Load& load) {
  const auto free = [](const Assembly& assembly) { return assembly.missing == 0; };
  const auto found = std::find_if(assemblies_.begin(), assemblies_.end(), free);
  current_ = static_cast<int>(found - assemblies_.begin());
  const std::int64_t request = chip_.config.request_bytes;
  const std::int64_t offset = (load.address + issued_) % request;
  const std::int64_t most = std::min(chip_.config.packet_bytes, chip_.config.dma_outstanding * request - offset);
  const std::int64_t bytes = std::min(most, load.bytes - issued_);
  found->routes = &routes_[static_cast<std::size_t>(load.route)];
  found->packet.token = load.token;
  found->packet.bytes = static_cast<std::int32_t>(bytes);
  found->packet.op = load.op;
  found->requests = found->missing = static_cast<int>(ceil_div(offset + bytes, request));
}

bool DmaEngine::issue_load() {
  const Load& load = loads()[next_];
  if (requested_ == 0) begin_assembly(load);
  const std::int64_t packet = assemblies_[static_cast<std::size_t>(current_)].packet.bytes;
  const std::int64_t bytes = std::min(to_granule(load.address + issued_), packet - requested_);
  issue({current_, load.op, bytes}, load.address + issued_, ledger::latest({ready_, slot(), last_issue_}),
        load.weights ? memory::Role::weights : memory::Role::activations);
  issued_ += bytes;
  requested_ += bytes;
  if (requested_ == packet) requested_ = 0;
  if (issued_ == load.bytes) {
    issued_ = 0;
    started_ = false;
    ++next_;
    skip_resident();
  }
  return true;
}

void DmaEngine::issue(const Pending& pending, std::int64_t address, const Release& release, memory::Role role) {
  std::size_t tag = 0;
  while (pending_[tag].assembly != kFree) ++tag;
  pending_[tag] = pending;
  ++under_way_;
  const Femtoseconds now = kernel::now();
  const Femtoseconds next = now + chip_.clocks(1);
  const ledger::ActivityId slot =
      chip_.ledger.record(lane_.id(), pending.op, Leaf::overhead_descriptor, now, next, release);
  memory::Request request;
  request.tag = tag;
  request.direction = pending.assembly == kWrite ? memory::Direction::write : memory::Direction::read;
  request.role = role;
  request.address = static_cast<std::uint64_t>(address);
  request.bytes = static_cast<std::uint32_t>(pending.bytes);
  request.op = pending.op;
  request.release = {slot, now, Reason::issue};
  port_->issue(request);
  last_issue_ = {slot, next, Reason::issue};
  ready_ = ledger::latest({ready_, last_issue_});
  next_issue_ = next;
  active_until_ = std::max(active_until_, next);
  chip_.ledger.count(chip_.actions.dma, pending.bytes, pending.op);
}

}  // namespace cyclescope::kpu
