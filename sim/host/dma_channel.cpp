#include "sim/host/dma_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/base/error.h"

namespace cyclescope::host {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

HostDma::Channel::Channel(HostDma& owner, int index, const DmaConfig& config, memory::Memory& link, const Clock& clock,
                          ledger::Ledger& ledger, std::size_t descriptor_action)
    : owner_(owner),
      config_(config),
      clock_(clock),
      ledger_(ledger),
      lane_(ledger, fmt::format("{}.{}", owner.name(), index), clock.period()),
      descriptor_action_(descriptor_action),
      granule_(link.granule()),
      port_(
          link.connect(owner, fmt::format("{}.{}", owner.name(), index), clock, config.outstanding + config.prefetch)) {
  pending_.resize(static_cast<std::size_t>(config.outstanding + config.prefetch));
  for (std::size_t tag = pending_.size(); tag-- > 0;) free_tags_.push_back(tag);
}

void HostDma::Channel::submit(Transfer transfer) {
  const auto page = static_cast<std::uint64_t>(config_.page_bytes);
  Job job;
  const std::uint64_t end = transfer.host_address + static_cast<std::uint64_t>(transfer.bytes);
  job.descriptors = static_cast<std::int64_t>((end - 1) / page - transfer.host_address / page + 1);
  job.submitted = clock_.edge(kernel::now());
  const Release known =
      config_.descriptor_bytes == 0 ? transfer.release : Release{ledger::kOrigin, kNever, Reason::data};
  job.fetched.assign(static_cast<std::size_t>(job.descriptors), known);
  job.transfer = std::move(transfer);
  owner_.wake_at(job.submitted);
  jobs_.push_back(std::move(job));
}

std::int64_t HostDma::Channel::page_end(const Transfer& transfer, std::int64_t offset) const {
  const std::int64_t in_page = (static_cast<std::int64_t>(transfer.host_address) + offset) % config_.page_bytes;
  return std::min(transfer.bytes, offset + config_.page_bytes - in_page);
}

void HostDma::Channel::step() {
  if (jobs_.empty()) return;
  take_replies();
  const Femtoseconds now = kernel::now();
  if (now % clock_.period() != 0) return;
  while (begin_descriptor() || fetch() || issue_data()) {
  }
}

void HostDma::Channel::take_replies() {
  const Femtoseconds now = kernel::now();
  while (port_.reply_ready()) {
    const memory::Reply reply = port_.take_reply();
    const Pending pending = pending_[reply.tag];
    free_tags_.push_back(reply.tag);
    const Release by{reply.activity, now, Reason::data};
    if (pending.first >= 0) {
      Job& fetching = job(pending.job);
      for (std::int64_t i = 0; i < pending.count; ++i)
        fetching.fetched[static_cast<std::size_t>(pending.first + i)] = by;
      continue;
    }
    --under_way_;
    active_until_ = now;
    slot_ = {reply.activity, now, Reason::credit};
    --job(pending.job).under_way;
    complete(pending.job, by);
  }
}

void HostDma::Channel::complete(std::int64_t number, const Release& by) {
  Job& finished = job(number);
  if (finished.under_way > 0 || finished.issued < finished.transfer.bytes) return;
  if (finished.transfer.done) finished.transfer.done(by);
  finished.under_way = -1;
  while (!jobs_.empty() && jobs_.front().under_way < 0) {
    jobs_.pop_front();
    ++first_job_;
  }
}

HostDma::Channel::Job* HostDma::Channel::current() {
  if (running_ - first_job_ >= static_cast<std::int64_t>(jobs_.size())) return nullptr;
  Job& next = job(running_);
  return next.submitted <= kernel::now() ? &next : nullptr;
}

bool HostDma::Channel::fetch() {
  if (config_.descriptor_bytes == 0) return false;
  const Femtoseconds now = kernel::now();
  for (std::int64_t number = running_; number - first_job_ < static_cast<std::int64_t>(jobs_.size()); ++number) {
    Job& next = job(number);
    if (next.submitted > now) return false;
    if (next.asked_for == next.descriptors) continue;
    const std::int64_t count = std::min<std::int64_t>(config_.descriptors_per_fetch, next.descriptors - next.asked_for);
    if (ahead_ + count > config_.prefetch) return false;  // woken when a descriptor begins
    if (now < issued_.at) return false;                   // woken then
    const std::uint64_t address =
        next.transfer.descriptors + static_cast<std::uint64_t>(next.asked_for * config_.descriptor_bytes);
    const Release release = ledger::latest({next.transfer.release, room_, issued_});
    issue(next, address, count * config_.descriptor_bytes, true, {number, next.asked_for, count}, release);
    next.asked_for += count;
    ahead_ += count;
    return true;
  }
  return false;
}

bool HostDma::Channel::begin_descriptor() {
  Job* next = current();
  if (next == nullptr || in_hand_) return false;
  const Femtoseconds now = kernel::now();
  const Release& fetched = next->fetched[static_cast<std::size_t>(next->begun)];
  if (fetched.at > now) return false;  // woken by its reply
  if (ready_.at > now) {
    owner_.wake_at(ready_.at);
    return false;
  }
  const Release release = ledger::latest({fetched, ready_, next->transfer.release});
  lane_.busy_until(under_way_ > 0 ? now : std::min(now, active_until_), Leaf::useful_transfer);
  lane_.idle_until(std::min(now, next->submitted));
  lane_.wait_until(now, release);
  const Femtoseconds done = now + clock_.cycles(config_.setup_clocks);
  const ledger::ActivityId setup =
      ledger_.record(lane_.id(), next->transfer.op, Leaf::overhead_descriptor, now, done, release);
  lane_.busy_until(done, Leaf::overhead_descriptor);
  ledger_.count(descriptor_action_, 1, next->transfer.op);
  if (config_.descriptor_bytes != 0) --ahead_;
  ++next->begun;
  ready_ = {setup, done, Reason::issue};
  room_ = {setup, now, Reason::credit};
  page_until_ = page_end(next->transfer, next->issued);
  in_hand_ = true;
  return true;
}

bool HostDma::Channel::issue_data() {
  if (!in_hand_) return false;
  const Femtoseconds now = kernel::now();
  const Femtoseconds ready = std::max(ready_.at, issued_.at);
  if (now < ready) {
    owner_.wake_at(ready);
    return false;
  }
  if (under_way_ == config_.outstanding) return false;  // woken by a reply
  Job& running = job(running_);
  const std::uint64_t address = running.transfer.host_address + static_cast<std::uint64_t>(running.issued);
  const std::int64_t room = granule_ - static_cast<std::int64_t>(address % static_cast<std::uint64_t>(granule_));
  const std::int64_t bytes = std::min(room, page_until_ - running.issued);
  running.issued += bytes;
  ++running.under_way;
  ++under_way_;
  issue(running, address, bytes, false, {running_, -1, 0}, ledger::latest({ready_, slot_, issued_}));
  if (running.issued == page_until_) in_hand_ = false;
  if (running.issued == running.transfer.bytes) ++running_;
  return true;
}

void HostDma::Channel::issue(const Job& job, std::uint64_t address, std::int64_t bytes, bool fetching,
                             const Pending& pending, const Release& release) {
  const Femtoseconds now = kernel::now();
  const std::size_t tag = free_tags_.back();
  free_tags_.pop_back();
  pending_[tag] = pending;
  const Femtoseconds next = now + clock_.period();
  const ledger::ActivityId slot =
      ledger_.record(lane_.id(), job.transfer.op, Leaf::structural_issue, now, next, release);
  memory::Request request;
  request.tag = tag;
  request.direction = fetching ? memory::Direction::read : job.transfer.direction;
  request.role = fetching ? memory::Role::config : job.transfer.role;
  request.address = address;
  request.bytes = static_cast<std::uint32_t>(bytes);
  request.op = job.transfer.op;
  request.release = {slot, now, Reason::issue};
  port_.issue(request);
  issued_ = {slot, next, Reason::issue};
  if (!fetching) ready_ = issued_;
  owner_.wake_at(next);
}

void HostDma::Channel::restart(Femtoseconds t0) {
  lane_.restart(t0);
  ready_ = slot_ = room_ = issued_ = {ledger::kOrigin, t0, Reason::issue};
}

void HostDma::Channel::finish(Femtoseconds end) {
  lane_.busy_until(std::min(end, active_until_), Leaf::useful_transfer);
  lane_.finish(end);
}

}  // namespace cyclescope::host
