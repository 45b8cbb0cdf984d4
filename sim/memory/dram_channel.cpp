#include "sim/memory/dram_channel.h"

#include <fmt/format.h>

#include <algorithm>

namespace cyclescope::memory {

DramChannel::DramChannel(const DramConfig& config, const DramBook& book, int number)
    : Module(fmt::format("dram_{}", number)), config_(config), lead_(0) {
  for (int i = 0; i < config.pseudo_channels; ++i) {
    const std::string lane =
        config.pseudo_channels == 1 ? fmt::format("dram.{}", number) : fmt::format("dram.{}.{}", number, i);
    data_buses_.push_back(std::make_unique<PseudoChannel>(config_, book, buses_, lane));
  }
  if (!config.aggregate) return;
  const Tick shortest = std::min(config.timing.RL, config.timing.WL) + config.timing.burst - 1;
  lead_ = config.clock.cycles(shortest) + config.controller_latency;
}

void DramChannel::submit(int pseudo_channel, Arrival arrival) {
  arrival.issued = kernel::now();
  arrival.tick =
      round_up(config_.clock.ceil_cycles(arrival.issued + config_.controller_latency), config_.ticks_per_clock);
  data_buses_[static_cast<std::size_t>(pseudo_channel)]->submit(arrival);
  const Femtoseconds wake = config_.clock.cycles(arrival.tick) + lead_;
  if (wake < planned_wake_) {
    planned_wake_ = wake;
    wake_at(wake);
  }
}

void DramChannel::step() {
  const Femtoseconds now = kernel::now();
  if (now < planned_wake_) return;  // an earlier plan that was given up
  const Tick known = config_.clock.ceil_cycles(now + (config_.aggregate ? config_.controller_latency : 1));
  advance(known);
  Tick next = kNoTick;
  for (const auto& bus : data_buses_) {
    bus->book_refreshes(now);
    next = std::min(next, bus->next_needed(known));
  }
  planned_wake_ = kNever;
  if (next == kNoTick) return;
  planned_wake_ = config_.clock.cycles(next) + lead_;
  wake_at(planned_wake_);
}

void DramChannel::advance(Tick limit) {
  if (data_buses_.size() == 1) {
    PseudoChannel& bus = *data_buses_.front();
    while (bus.next(limit) < limit) bus.act(limit);
    return;
  }
  for (;;) {
    const std::size_t buses = data_buses_.size();
    std::size_t first = buses;
    Tick earliest = limit;
    for (std::size_t i = 0; i < buses; ++i) {
      const std::size_t bus = (turn_ + i) % buses;
      const Tick next = data_buses_[bus]->next(limit);
      if (next > earliest || next >= limit) continue;
      // On one clock the older request goes first.
      if (next == earliest && first < buses && data_buses_[first]->age() <= data_buses_[bus]->age()) continue;
      earliest = next;
      first = bus;
    }
    if (first == buses) return;
    if (data_buses_[first]->act(limit)) turn_ = (first + 1) % buses;
  }
}

void DramChannel::restart(Femtoseconds t0) {
  advance(config_.clock.ceil_cycles(t0));
  for (const auto& bus : data_buses_) bus->restart(t0);
}

void DramChannel::finish(Femtoseconds end) {
  advance(config_.clock.ceil_cycles(end));
  for (const auto& bus : data_buses_) bus->finish(end);
}

std::int64_t DramChannel::bursts() const {
  std::int64_t sum = 0;
  for (const auto& bus : data_buses_) sum += bus->bursts();
  return sum;
}

}  // namespace cyclescope::memory
