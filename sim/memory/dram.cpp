#include "sim/memory/dram.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace cyclescope::memory {
namespace {

void check(const DramConfig& config, const Request& request) {
  const auto granule = static_cast<std::uint64_t>(config.granule);
  const std::uint64_t end = request.address + request.bytes;
  const bool fits = request.bytes > 0 && end <= static_cast<std::uint64_t>(config.capacity());
  if (!fits || request.address / granule != (end - 1) / granule) {
    throw InternalError(
        fmt::format("memory request of {} bytes at address {}: within one granule of {} bytes and "
                    "{} bytes of capacity expected",
                    request.bytes, request.address, config.granule, config.capacity()));
  }
}

}  // namespace

Dram::Dram(const DramConfig& config, ledger::Ledger& ledger) : config_(config), map_(config) {
  const DramEnergy& energy = config.energy;
  book_.ledger = &ledger;
  book_.activate = ledger.add_action("dram", "activate", energy.activate);
  book_.read = ledger.add_action("dram", "read", energy.read);
  book_.write = ledger.add_action("dram", "write", energy.write);
  book_.io = ledger.add_action("dram", "io", energy.io);
  book_.phy = ledger.add_action("dram_phy", "burst", energy.phy);
  book_.refresh = ledger.add_action("dram", "refresh", energy.refresh);
  book_.read_traffic = ledger.add_traffic("dram.read");
  book_.write_traffic = ledger.add_traffic("dram.write");
  for (int i = 0; i < config.channels; ++i) {
    channels_.push_back(std::make_unique<DramChannel>(config_, book_, i));
    for (int j = 0; j < config.pseudo_channels; ++j) ledger.add_power("dram", energy.background_microwatts);
  }
}

Port& Dram::connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) {
  const int number = static_cast<int>(ports_.size());
  ports_.push_back(std::make_unique<ClientPort>(
      client, name, clock, max_outstanding, [this, number](const Request& request) { accept(number, request); },
      [this](std::int64_t bytes) { book_.ledger->received(book_.read_traffic, bytes); }));
  for (const auto& channel : channels_) channel->add_client(*ports_.back(), max_outstanding);
  return *ports_.back();
}

void Dram::accept(int client, const Request& request) {
  check(config_, request);
  const Location location = map_.locate(request.address);
  const auto burst_bytes = static_cast<std::uint64_t>(config_.burst_bytes);
  const auto granule = static_cast<std::uint64_t>(config_.granule);
  const std::uint64_t first = request.address % granule / burst_bytes;
  const std::uint64_t last = (request.address % granule + request.bytes - 1) / burst_bytes;
  Arrival arrival;
  arrival.request = request;
  arrival.client = client;
  arrival.row = location.row;
  arrival.bank = {location.even_bank, location.odd_bank};
  if (map_.rotation() == 2) {
    arrival.bursts[0] = static_cast<int>(last / 2 + 1 - (first + 1) / 2);
    arrival.bursts[1] = static_cast<int>((last + 1) / 2 - first / 2);
  } else {
    arrival.bursts[0] = static_cast<int>(last - first + 1);
  }
  if (request.direction == Direction::read) {
    bytes_read_ += request.bytes;
  } else {
    bytes_written_ += request.bytes;
    book_.ledger->sent(book_.write_traffic, request.bytes);
  }
  const int channel = location.data_bus / config_.pseudo_channels;
  channels_[static_cast<std::size_t>(channel)]->submit(location.data_bus % config_.pseudo_channels, arrival);
}

void Dram::restart(Femtoseconds t0) {
  for (const auto& channel : channels_) channel->restart(t0);
  bytes_read_ = bytes_written_ = 0;
}

void Dram::finish(Femtoseconds end) {
  for (const auto& channel : channels_) channel->finish(end);
}

std::int64_t Dram::bursts() const {
  std::int64_t sum = 0;
  for (const auto& channel : channels_) sum += channel->bursts();
  return sum;
}

IdealMemory::IdealMemory(const DramConfig& config, ledger::Ledger& ledger)
    : config_(config),
      ledger_(&ledger),
      lane_(ledger, "dram.0", config.clock.period()),
      read_traffic_(ledger.add_traffic("dram.read")),
      write_traffic_(ledger.add_traffic("dram.write")) {}

Port& IdealMemory::connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) {
  const std::size_t number = ports_.size();
  ports_.push_back(std::make_unique<ClientPort>(
      client, name, clock, max_outstanding, [this, number](const Request& request) { accept(number, request); },
      [this](std::int64_t bytes) { ledger_->received(read_traffic_, bytes); }));
  return *ports_.back();
}

void IdealMemory::accept(std::size_t client, const Request& request) {
  check(config_, request);
  const Femtoseconds now = kernel::now();
  const Femtoseconds visible = ports_[client]->clock().next_edge(now);
  const bool read = request.direction == Direction::read;
  (read ? bytes_read_ : bytes_written_) += request.bytes;
  ledger_->sent(read ? read_traffic_ : write_traffic_, request.bytes);
  if (!read) ledger_->received(write_traffic_, request.bytes);
  lane_.idle_until(now);
  lane_.busy_until(visible, ledger::Leaf::useful_transfer);
  const auto cause = ledger::Leaf::waiting_operand_dram_latency;
  Reply reply{request.tag, {{cause, now, visible}}, ledger::kOrigin};
  reply.activity = ledger_->record(lane_.id(), request.op, cause, now, visible, request.release);
  ports_[client]->deliver(visible, read ? std::int64_t{request.bytes} : 0, std::move(reply));
}

void IdealMemory::restart(Femtoseconds t0) {
  lane_.restart(t0);
  bytes_read_ = bytes_written_ = 0;
}

void IdealMemory::finish(Femtoseconds end) { lane_.finish(end); }

std::unique_ptr<Memory> make_memory(const config::Settings& settings, ledger::Ledger& ledger) {
  const DramConfig config = resolve_dram(settings);
  if (settings.flag("memory.ideal")) return std::make_unique<IdealMemory>(config, ledger);
  return std::make_unique<Dram>(config, ledger);
}

}  // namespace cyclescope::memory
