// Parameters of a Hailo chip: clusters of sub-clusters around a ring, memories at three levels, a host link and, on some,
// local DRAM. Every key is declared here with its unit, range and meaning; sources stand beside the values in
// configs/platforms/.
//
// The external memory that dram.* and memory.* describe (sim/memory) stands where memory.place says: `host`, the host's
// memory behind the link; `local`, DRAM on the module that holds configurations and what contexts hand on. Then the host's
// memory, of which only inputs and outputs are read and written, is a port with the bandwidth host_memory.bandwidth.
#pragma once

#include <cstdint>

#include "sim/base/precision.h"
#include "sim/base/time.h"
#include "sim/config/settings.h"
#include "sim/host/dma_config.h"
#include "sim/host/link_config.h"

namespace cyclescope::hailo {

/// Energies in attojoules per action; configs/energy/hailo_16nm.ini has their sources.
struct EnergyConfig {
  std::int64_t mac = 0;        ///< 8 x 8 bit multiply-accumulate into 32 bit
  std::int64_t l2 = 0;         ///< per byte read or written
  std::int64_t l3 = 0;         ///< per byte read or written
  std::int64_t aligner = 0;    ///< per byte that input aligners hand to sub-clusters
  std::int64_t ring_hop = 0;   ///< per byte and hop between clusters
  std::int64_t apu = 0;        ///< per element out of an activation and post-processing unit
  std::int64_t control = 0;    ///< per row token of a layer
  std::int64_t configure = 0;  ///< per byte of configuration written into the chip
};

/// Shares are in parts per million.
struct HailoConfig {
  Clock clock{1};
  std::int64_t clock_hz = 0;
  int clusters = 0;
  int subclusters = 0;        ///< per cluster
  int macs = 0;               ///< 8 x 8 bit MACs per sub-cluster and clock
  int features = 0;           ///< output features, and input features, that a sub-cluster's MACs are side by side for
  int lcus = 0;               ///< layer control units per cluster
  int vector_lanes = 0;       ///< elements that a sub-cluster's share of the APUs takes per clock and pass
  std::int64_t l2_bytes = 0;  ///< per sub-cluster
  std::int64_t l3_bytes = 0;  ///< per cluster
  std::int64_t l4_bytes = 0;  ///< of the chip
  std::int64_t compute_cap = 0;      ///< share of the sub-clusters that the allocator widens layers up to
  std::int64_t control_cap = 0;      ///< share of the layer control units of a cluster that it uses
  std::int64_t memory_cap = 0;       ///< share of the memories that it uses
  int slack_rows = 0;                ///< steps of its readers that every layer may be ahead of what these need at once
  int port_bytes = 0;                ///< of a layer's rows, per clock, on their way out
  int row_overhead = 0;              ///< clocks between rows of a layer
  int frame_overhead = 0;            ///< clocks between frames of a layer
  int pipe_latency = 0;              ///< clocks from the last MAC of a row to its leaving the layer
  int ring_bytes = 0;                ///< per clock, link and direction
  int ring_hop = 0;                  ///< clocks per hop
  int credit_latency = 0;            ///< clocks from a row's release to its sender's knowing
  int config_bytes = 0;              ///< configuration bytes that the chip takes per clock
  std::int64_t config_fixed = 0;     ///< registers and microcode of a context, in bytes
  std::int64_t config_overhead = 0;  ///< configuration words on top of weights, a share of them
  Femtoseconds context_control = 0;  ///< control CPU, per context
  bool local_dram = false;           ///< memory.place = local
  int local_outstanding = 0;         ///< requests under way at local DRAM per client
  std::int64_t host_bytes_per_second = 0;  ///< of the host's memory; 0 without local DRAM
  int portal_rows = 0;                     ///< rows of a tensor that the chip holds on their way to memory outside
  int weight_bits = 8;                     ///< 8 or 4
  host::LinkConfig link;
  host::DmaConfig dma;
  EnergyConfig energy;
  std::int64_t idle_microwatts = 0;

  [[nodiscard]] int all_subclusters() const { return clusters * subclusters; }
  /// L2, L3 and L4 together.
  [[nodiscard]] std::int64_t memory_bytes() const {
    return all_subclusters() * l2_bytes + clusters * l3_bytes + l4_bytes;
  }
  /// What of it comes with a sub-cluster, as far as the allocator uses it: L2 and its part of the cluster's L3.
  [[nodiscard]] std::int64_t subcluster_bytes() const;
  /// L4 as far as the allocator uses it.
  [[nodiscard]] std::int64_t usable_l4() const;
  /// Layer control units of a cluster that the allocator uses.
  [[nodiscard]] int usable_lcus() const;
  /// Sub-clusters that the allocator widens layers up to.
  [[nodiscard]] std::int64_t usable_subclusters() const;
};

/// How a requested precision is executed.
struct PrecisionUse {
  const char* label = "native";  ///< native | substituted
  int rate = 4;                  ///< quarter-MACs per MAC unit and clock: 4 at 8 x 8 bit, 2 at 16 x 8, 1 at 16 x 16
  int activation_bytes = 1;
  int weight_bits = 8;
};

/// INT8 is native; FP16 is substituted by 16-bit activations and 8-bit weights, FP32 by 16 bits of both (design: what
/// the tool chain offers). hailo.weight_bits = 4 stores the 8-bit weights in four. Throws NotModelled for the others.
PrecisionUse precision_use(Precision precision, const HailoConfig& config);

/// Declares every key of a Hailo platform.
config::Schema schema();

/// Reads and checks the settings. Throws InputError naming the keys that contradict each other.
HailoConfig from_settings(const config::Settings& settings);

}  // namespace cyclescope::hailo
