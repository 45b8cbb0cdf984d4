// Parameters of a link between a device and its host: PCI Express or USB 3, resolved into what the wire model needs.
//
// Timing: a packet of n bytes, overhead included, occupies its direction for ceil(n * byte_num / byte_den) fs:
// 8 bits per byte, the line code (8b/10b up to PCIe generation 2 and on USB 3, 128b/130b from generation 3) and the
// lanes side by side.
// Errors: InputError naming the keys that contradict each other; NotModelled for PCIe generation 6 (FLIT mode).
// Not modelled: skip ordered sets, retraining, ECRC, replay after errors, power states.
// Source: PCI Express Base Specification 5.0: TLP header of 3 or 4 double words, LCRC of 4 B, framing and sequence
// number 4 B in either line code (STP, sequence number and END, or the STP token), DLLP 8 B framed; the same sums in
// Intel AN 708 and in Neugebauer et al., SIGCOMM 2018. USB 3.0 specification, chapters 7 and 8, summarised at
// xillybus.com/tutorials/usb-superspeed-packets-traffic-components: header packet 20 B, data packet payload 12 B + n,
// link command 8 B. Latencies, tags and buffers are of no particular host: assumed.
#pragma once

#include <cstdint>

#include "sim/base/time.h"
#include "sim/config/settings.h"

namespace cyclescope::host {

struct LinkConfig {
  std::int64_t byte_num = 0;  ///< femtoseconds that a byte takes, as a fraction
  std::int64_t byte_den = 1;
  Clock host_clock{1};              ///< replies of the host memory arrive on its edges
  Femtoseconds latency = 0;         ///< end of the packet on the wire to the host's memory port, and back
  Femtoseconds device_latency = 0;  ///< device module to the wire, and back
  int memory_outstanding = 0;       ///< requests the host end has under way at the host memory

  std::int64_t request_bytes = 0;        ///< wire bytes of a read request
  std::int64_t write_overhead = 0;       ///< bytes around the payload towards the host
  std::int64_t completion_overhead = 0;  ///< bytes around the payload towards the device
  std::int64_t max_payload = 0;          ///< of one packet
  std::int64_t max_request = 0;          ///< of one read request: the granule of the link's clients
  std::int64_t boundary = 0;             ///< completions end on multiples of it
  std::int64_t credit_unit = 0;          ///< a write takes credits in multiples of it

  int tags = 0;                        ///< read requests under way
  std::int64_t completion_buffer = 0;  ///< bytes the device has asked for and not got, at most
  std::int64_t posted_buffer = 0;      ///< bytes of writes the host end can hold

  std::int64_t ack_bytes = 0;         ///< acknowledgement, opposite to what it acknowledges
  int packets_per_ack = 1;            ///< requests and data packets
  std::int64_t update_bytes = 0;      ///< return of credits, towards the device
  int packets_per_update = 1;         ///< freed writes
  bool updates_acknowledged = false;  ///< updates are acknowledged like other packets

  std::int64_t device_attojoules = 0;  ///< per wire byte, device side
  std::int64_t host_attojoules = 0;    ///< per wire byte, host side

  /// Time on the wire of a packet of `bytes`, overhead included.
  [[nodiscard]] Femtoseconds wire_time(std::int64_t bytes) const {
    return ceil_div(checked_mul(bytes, byte_num), byte_den);
  }
  /// Upper bound of the payload rate of one direction: full packets back to back.
  [[nodiscard]] std::int64_t peak_bytes_per_second() const;
};

/// Declares `host.*`, `pcie.*` and `usb3.*`.
void declare(config::Schema& schema);

/// Reads and checks the settings declared above.
LinkConfig resolve_link(const config::Settings& settings);

}  // namespace cyclescope::host
