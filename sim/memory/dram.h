// External memory: channels behind an interleaved address space, any number of clients; or an ideal one. Both are TLM
// targets.
//
// Timing: Dram: a request reaches its channel at the first memory clock at or after issue + controller latency; a reply
// is visible on the client's first edge at or after the end of its data + controller latency. Requests of one instant
// are served in order of (client, tag), clients numbered in order of connect(). IdealMemory: a reply is visible on the
// client's next edge, bandwidth is unlimited.
// Causes: see pseudo_channel.h; IdealMemory: dram_latency for its one clock.
// Actions: components `dram` and `dram_phy`; traffic `dram.read`, `dram.write`. IdealMemory counts bytes, no energy.
// Protocol: nb_transport_fw takes BEGIN_REQ of any payload with a memory manager (without an Access: operator -1, replies
// on memory clocks), ends the request at once, and responds on the backward path with the delay to the reply, which must
// be taken with TLM_COMPLETED; IdealMemory completes at once.
// Errors: InternalError for a request that is empty, crosses a granule or lies beyond the capacity.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/memory/address_map.h"
#include "sim/memory/dram_channel.h"
#include "sim/memory/tlm_memory.h"

namespace cyclescope::memory {

class Dram : public TlmMemory, private Responder {
 public:
  Dram(sc_core::sc_module_name module, const DramConfig& config, ledger::Ledger& ledger);

  tlm_utils::multi_passthrough_target_socket<Dram> socket;

  [[nodiscard]] std::int64_t granule() const override { return config_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return capacity_; }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return config_.peak_bytes_per_second(); }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

  /// Bursts moved since the frame began, over all channels.
  [[nodiscard]] std::int64_t bursts() const;

 protected:
  void bind(TlmPort& port) override { port.socket.bind(socket); }

 private:
  tlm::tlm_sync_enum forward(int client, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);
  void respond(int client, tlm::tlm_generic_payload& payload, Femtoseconds visible) override;

  DramConfig config_;
  std::int64_t capacity_;
  AddressMap map_;
  DramBook book_;
  std::vector<std::unique_ptr<DramChannel>> channels_;
};

class IdealMemory : public TlmMemory {
 public:
  IdealMemory(sc_core::sc_module_name module, const DramConfig& config, ledger::Ledger& ledger);

  tlm_utils::multi_passthrough_target_socket<IdealMemory> socket;

  [[nodiscard]] std::int64_t granule() const override { return config_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return config_.capacity(); }
  /// Unlimited: INT64_MAX.
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return INT64_MAX; }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;

 protected:
  void bind(TlmPort& port) override { port.socket.bind(socket); }

 private:
  tlm::tlm_sync_enum forward(int client, tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);

  DramConfig config_;
  ledger::Lane lane_;
};

/// The memory that the settings describe: IdealMemory when `memory.ideal` is on, IdealPort (ideal_port.h) when it is
/// port, else Dram. Needs kernel::initialise.
std::unique_ptr<Memory> make_memory(const config::Settings& settings, ledger::Ledger& ledger);

}  // namespace cyclescope::memory
