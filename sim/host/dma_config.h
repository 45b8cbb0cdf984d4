// Parameters of a device's DMA engine for its host link.
//
// Errors: InputError naming the keys that contradict each other.
// Source: scatter-gather descriptors of 16 B and pages of 512 B are the defaults of public drivers of accelerators on
// PCI Express (for one, hailo-ai/hailort-drivers, vdma); counts in flight and set-up times are assumed.
#pragma once

#include <cstdint>
#include <string>

#include "sim/config/settings.h"

namespace cyclescope::host {

struct DmaConfig {
  int channels = 0;                   ///< each with a queue of transfers of its own
  int outstanding = 0;                ///< data requests under way per channel
  int prefetch = 0;                   ///< descriptors fetched or being fetched ahead per channel
  int descriptors_per_fetch = 0;      ///< descriptors side by side that one read brings
  std::int64_t descriptor_bytes = 0;  ///< 0: descriptors lie in the device
  std::int64_t page_bytes = 0;        ///< that a descriptor covers, at most
  std::int64_t setup_clocks = 0;      ///< per descriptor
  std::int64_t descriptor_attojoules = 0;
};

/// Declares `<prefix>.channels` and so on; `prefix` is usually host_dma.
void declare_dma(config::Schema& schema, const std::string& prefix);

/// Reads and checks the settings declared above.
DmaConfig resolve_dma(const config::Settings& settings, const std::string& prefix);

}  // namespace cyclescope::host
