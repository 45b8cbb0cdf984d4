// A device's DMA engine for its host link: executes transfers between host memory and device as lists of descriptors.
// The device's own memory is not its business: it reports when a transfer's bytes have arrived.
//
// Timing: all on the engine's clock. A channel takes its transfers in order. A transfer is cut into descriptors at
// multiples of `page`; they are fetched in order, `descriptors_per_fetch` by one read of the link, at most `prefetch`
// fetched and not begun, from the instant the transfer was handed over. A descriptor begins when it is there and the
// last request of the one before has been issued; after `setup` clocks its requests, cut at the link's granule, go one
// per clock while fewer than `outstanding` data requests of the channel are under way. A transfer is done when the last
// reply has come; the next one does not wait for that.
// Causes: a lane is in overhead.descriptor during set-up, in useful.transfer while data are under way, else waiting for
// what the next descriptor waited for, or idle. Releases say what made a request go.
// Actions: component `host_dma`, `descriptor`.
// Ports: submit(); one client of the link per channel; `done` of a transfer is called at the instant it is done.
// Errors: InternalError for an unknown channel, an empty transfer, descriptors that cross the link's granule.
// Not modelled: the ring's doorbells and interrupts (their cost belongs to whoever launches), write-back of status.
// Source: dma_config.h.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/host/dma_config.h"
#include "sim/kernel/module.h"
#include "sim/ledger/lane.h"
#include "sim/memory/port.h"

namespace cyclescope::host {

/// Bytes between host memory and the device.
struct Transfer {
  std::uint64_t host_address = 0;
  std::int64_t bytes = 0;
  memory::Direction direction = memory::Direction::read;  ///< read: from the host
  memory::Role role = memory::Role::weights;
  ledger::OperatorIndex op = -1;
  std::uint64_t descriptors = 0;  ///< host address of its descriptor list
  ledger::Release release;        ///< what made it known, release.at <= now
  /// Called when its last byte has arrived, with what brought it.
  std::function<void(const ledger::Release&)> done;
};

class HostDma : public kernel::Module {
 public:
  HostDma(const std::string& name, const DmaConfig& config, memory::Memory& link, const Clock& clock,
          ledger::Ledger& ledger);
  ~HostDma() override;

  /// Appends a transfer to a channel at now. It starts on the next clock edge, an edge at now included.
  void submit(int channel, Transfer transfer);

  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 protected:
  void step() override;

 private:
  class Channel;

  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace cyclescope::host
