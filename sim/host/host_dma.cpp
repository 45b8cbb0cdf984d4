#include "sim/host/host_dma.h"

#include <fmt/format.h>

#include <utility>

#include "sim/base/error.h"
#include "sim/host/dma_channel.h"

namespace cyclescope::host {

HostDma::HostDma(const std::string& name, const DmaConfig& config, memory::Memory& link, const Clock& clock,
                 ledger::Ledger& ledger)
    : kernel::Module(name) {
  if (config.descriptors_per_fetch * config.descriptor_bytes > link.granule()) {
    throw InputError(
        fmt::format("{}: a fetch of {} descriptors of {} B: expected at most the largest request of the "
                    "link, {} B",
                    name, config.descriptors_per_fetch, config.descriptor_bytes, link.granule()));
  }
  const std::size_t action = ledger.add_action("host_dma", "descriptor", config.descriptor_attojoules);
  for (int i = 0; i < config.channels; ++i) {
    channels_.push_back(std::make_unique<Channel>(*this, i, config, link, clock, ledger, action));
  }
}

HostDma::~HostDma() = default;

void HostDma::submit(int channel, Transfer transfer) {
  if (channel < 0 || channel >= static_cast<int>(channels_.size()) || transfer.bytes <= 0) {
    throw InternalError(
        fmt::format("host transfer of {} bytes on channel {}: a positive number of bytes and one of {} "
                    "channels expected",
                    transfer.bytes, channel, channels_.size()));
  }
  channels_[static_cast<std::size_t>(channel)]->submit(std::move(transfer));
}

void HostDma::step() {
  for (const auto& channel : channels_) channel->step();
}

void HostDma::restart(Femtoseconds t0) {
  for (const auto& channel : channels_) channel->restart(t0);
}

void HostDma::finish(Femtoseconds end) {
  for (const auto& channel : channels_) channel->finish(end);
}

}  // namespace cyclescope::host
