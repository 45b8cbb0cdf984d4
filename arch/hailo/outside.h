// What lies around the chip: the host's memory behind the link, and local DRAM; moved to and fro as transfers.
//
// Chip: the host link (sim/host) with a HostDma and the host's memory; with local DRAM another engine of the same kind,
// whose descriptors lie in the chip. config.h says which of the two the settings of dram.* describe.
// Ideal: a transfer is done one clock after it was handed over, however many there are; lane outside.0, never busy.
#pragma once

#include <memory>
#include <vector>

#include "arch/hailo/chip_context.h"
#include "sim/host/host_dma.h"
#include "sim/host/host_link.h"
#include "sim/memory/port.h"

namespace cyclescope::hailo {

enum class Place : std::uint8_t { home, local };

class Outside {
 public:
  virtual ~Outside() = default;
  /// As HostDma::submit. Addresses are of the place's memory.
  virtual void submit(Place place, int channel, host::Transfer transfer) = 0;
  [[nodiscard]] virtual int channels() const = 0;
  /// Bytes that the list of one transfer of `bytes` takes, aligned as lists must be.
  [[nodiscard]] virtual std::int64_t list_bytes(std::int64_t bytes) const = 0;
  /// Throws NotModelled naming the memory when `bytes` do not fit it.
  virtual void reserve(Place place, std::int64_t bytes) const = 0;
  virtual void restart(Femtoseconds t0) = 0;
  virtual void finish(Femtoseconds end) = 0;
  [[nodiscard]] virtual std::int64_t bytes_read(Place place) const = 0;
  [[nodiscard]] virtual std::int64_t bytes_written(Place place) const = 0;
  /// Upper bound of what the place delivers, or takes; INT64_MAX: unlimited.
  [[nodiscard]] virtual std::int64_t peak_bytes_per_second(Place place) const = 0;
};

class ChipOutside : public Outside {
 public:
  ChipOutside(const ChipContext& chip, const config::Settings& settings);

  void submit(Place place, int channel, host::Transfer transfer) override;
  [[nodiscard]] int channels() const override { return dma_.channels; }
  [[nodiscard]] std::int64_t list_bytes(std::int64_t bytes) const override;
  void reserve(Place place, std::int64_t bytes) const override;
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override;
  [[nodiscard]] std::int64_t bytes_read(Place place) const override { return memory(place).bytes_read(); }
  [[nodiscard]] std::int64_t bytes_written(Place place) const override { return memory(place).bytes_written(); }
  [[nodiscard]] std::int64_t peak_bytes_per_second(Place place) const override {
    return memory(place).peak_bytes_per_second();
  }

 private:
  /// What the chip's engine reads and writes there: of the host, the link.
  [[nodiscard]] const memory::Memory& memory(Place place) const;

  host::DmaConfig dma_;
  std::unique_ptr<memory::Memory> host_memory_;
  std::unique_ptr<host::HostLink> link_;
  std::unique_ptr<host::HostDma> host_dma_;
  std::unique_ptr<memory::Memory> local_memory_;  ///< null without local DRAM
  std::unique_ptr<host::HostDma> local_dma_;
};

class IdealOutside : public Outside, public kernel::Module {
 public:
  explicit IdealOutside(const ChipContext& chip);

  void submit(Place place, int channel, host::Transfer transfer) override;
  [[nodiscard]] int channels() const override { return 1; }
  [[nodiscard]] std::int64_t list_bytes(std::int64_t) const override { return 0; }
  void reserve(Place, std::int64_t) const override {}
  void restart(Femtoseconds t0) override;
  void finish(Femtoseconds end) override { lane_.finish(end); }
  [[nodiscard]] std::int64_t bytes_read(Place) const override { return 0; }
  [[nodiscard]] std::int64_t bytes_written(Place) const override { return 0; }
  [[nodiscard]] std::int64_t peak_bytes_per_second(Place) const override { return INT64_MAX; }

 protected:
  void step() override;

 private:
  struct Pending {
    host::Transfer transfer;
    ledger::Release done;
  };

  const ChipContext& chip_;
  ledger::Lane lane_;
  std::deque<Pending> pending_;
};

}  // namespace cyclescope::hailo
