// External memory: channels behind an interleaved address space, any number of clients; or an ideal one.
//
// Timing: Dram: a request reaches its channel at the first memory clock at or after issue + controller latency; a reply
// is visible on the client's first edge at or after the end of its data + controller latency. Requests of one instant
// are served in order of (client, tag), clients numbered in order of connect(). IdealMemory: a reply is visible on the
// client's next edge, bandwidth is unlimited.
// Causes: see dram_channel.h; IdealMemory: dram_latency for its one clock.
// Actions: components `dram` and `dram_phy`; traffic `dram.read`, `dram.write`. IdealMemory counts bytes, no energy.
// Errors: InternalError for a request that is empty, crosses a granule or lies beyond the capacity.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/ledger/lane.h"
#include "sim/memory/address_map.h"
#include "sim/memory/client_port.h"
#include "sim/memory/dram_channel.h"
#include "sim/memory/port.h"

namespace cyclescope::memory {

class Dram : public Memory {
 public:
  Dram(const DramConfig& config, ledger::Ledger& ledger);

  Port& connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) override;
  [[nodiscard]] std::int64_t granule() const override { return config_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return config_.capacity(); }
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return config_.peak_bytes_per_second(); }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;
  [[nodiscard]] std::int64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_written() const override { return bytes_written_; }

  /// Bursts moved since the frame began, over all channels.
  [[nodiscard]] std::int64_t bursts() const;

 private:
  void accept(int client, const Request& request);

  DramConfig config_;
  AddressMap map_;
  DramBook book_;
  std::vector<std::unique_ptr<DramChannel>> channels_;
  std::vector<std::unique_ptr<ClientPort>> ports_;
  std::int64_t bytes_read_ = 0;
  std::int64_t bytes_written_ = 0;
};

class IdealMemory : public Memory {
 public:
  IdealMemory(const DramConfig& config, ledger::Ledger& ledger);

  Port& connect(kernel::Module& client, const std::string& name, const Clock& clock, int max_outstanding) override;
  [[nodiscard]] std::int64_t granule() const override { return config_.granule; }
  [[nodiscard]] std::int64_t capacity() const override { return config_.capacity(); }
  /// Unlimited: INT64_MAX.
  [[nodiscard]] std::int64_t peak_bytes_per_second() const override { return INT64_MAX; }
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;
  [[nodiscard]] std::int64_t bytes_read() const override { return bytes_read_; }
  [[nodiscard]] std::int64_t bytes_written() const override { return bytes_written_; }

 private:
  void accept(std::size_t client, const Request& request);

  DramConfig config_;
  ledger::Ledger* ledger_;
  ledger::Lane lane_;
  std::size_t read_traffic_;
  std::size_t write_traffic_;
  std::vector<std::unique_ptr<ClientPort>> ports_;
  std::int64_t bytes_read_ = 0;
  std::int64_t bytes_written_ = 0;
};

/// The memory that the settings describe: IdealMemory when `memory.ideal` is on, else Dram. Needs kernel::initialise.
std::unique_ptr<Memory> make_memory(const config::Settings& settings, ledger::Ledger& ledger);

}  // namespace cyclescope::memory
