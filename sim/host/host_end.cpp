#include "sim/host/host_end.h"

#include <algorithm>
#include <utility>

namespace cyclescope::host {

using ledger::Leaf;
using ledger::Reason;

HostEnd::HostEnd(kernel::Module& owner, memory::Memory& memory, const LinkConfig& config, ledger::Ledger& ledger,
                 ledger::LaneId lane)
    : memory_(memory),
      ledger_(ledger),
      lane_(lane),
      port_(memory.connect(owner, "host_link", config.host_clock, config.memory_outstanding)) {
  for (std::size_t tag = static_cast<std::size_t>(config.memory_outstanding); tag-- > 0;) free_tags_.push_back(tag);
  accesses_.resize(free_tags_.size());
}

void HostEnd::arrive(Arrival arrival) {
  std::size_t index = jobs_.size();
  if (free_jobs_.empty()) {
    jobs_.emplace_back();
  } else {
    index = free_jobs_.back();
    free_jobs_.pop_back();
  }
  Job& job = jobs_[index];
  job = Job();
  const auto granule = static_cast<std::uint64_t>(memory_.granule());
  const std::uint64_t end = arrival.packet.address + static_cast<std::uint64_t>(arrival.packet.payload);
  for (std::uint64_t at = arrival.packet.address; at < end;) {
    const std::uint64_t next = std::min(end, (at / granule + 1) * granule);
    waiting_.push_back({index, job.parts.size(), 0});
    job.parts.push_back({at, static_cast<std::uint32_t>(next - at), false});
    at = next;
  }
  job.left = job.parts.size();
  job.arrival = std::move(arrival);
}

void HostEnd::issue() {
  const Femtoseconds now = kernel::now();
  while (!waiting_.empty() && port_.can_issue()) {
    Access access = waiting_.front();
    waiting_.pop_front();
    access.issued = now;
    const std::size_t tag = free_tags_.back();
    free_tags_.pop_back();
    accesses_[tag] = access;
    const Job& job = jobs_[access.job];
    const Part& part = job.parts[access.part];
    memory::Request request;
    request.tag = tag;
    request.direction =
        job.arrival.packet.kind == PacketKind::write ? memory::Direction::write : memory::Direction::read;
    request.role = job.arrival.role;
    request.address = part.address;
    request.bytes = part.bytes;
    request.op = job.arrival.op;
    request.release = job.arrival.release;
    if (request.release.at < now) {
      const auto cause = Leaf::waiting_operand_host_link;
      const ledger::ActivityId wait =
          ledger_.record(lane_, request.op, cause, request.release.at, now, request.release);
      request.release = {wait, now, Reason::resource};
    }
    port_.issue(request);
  }
}

std::optional<Answer> HostEnd::take() {
  if (!port_.reply_ready()) return {};
  memory::Reply reply = port_.take_reply();
  const Access access = accesses_[reply.tag];
  free_tags_.push_back(reply.tag);
  Job& job = jobs_[access.job];
  job.parts[access.part].served = true;
  while (job.served < job.parts.size() && job.parts[job.served].served) ++job.served;
  Answer answer;
  answer.packet = job.arrival.packet;
  answer.bytes = job.parts[access.part].bytes;
  const bool all = job.served == job.parts.size();
  answer.upto =
      all ? answer.packet.address + static_cast<std::uint64_t>(answer.packet.payload) : job.parts[job.served].address;
  answer.complete = --job.left == 0;
  if (answer.complete) {
    answer.life = std::move(job.arrival.life);
    extend(answer.life, Leaf::waiting_operand_host_link, job.arrival.release.at, access.issued);
    for (const memory::LifeInterval& part : reply.life) extend(answer.life, part.cause, part.from, part.to);
    answer.release = {reply.activity, kernel::now(), Reason::data};
    free_jobs_.push_back(access.job);
  }
  return answer;
}

}  // namespace cyclescope::host
