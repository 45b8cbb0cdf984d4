// DMA engine at the edge of the mesh: external memory to the tiles and back.
//
// Timing: load descriptors in order; a descriptor starts when the operator it is gated by is complete and the requests
// of the one before have been issued; `setup` clocks, then one request (dma.packet bytes at most) per clock while fewer
// than `outstanding` are taken. The data of consecutive requests of a descriptor make a packet (mesh.packet bytes at
// most, of at most `outstanding` requests), which is injected when the last of them has been answered. A request is
// taken from its issue until the tail of its packet has left. Packets from tiles are written to memory request by
// request, before loads; such a request is taken until it is answered.
// Causes: overhead.descriptor; waiting for its packets is the memory's or the network's cause.
// Actions: descriptor, dma per byte.
#pragma once

#include <deque>
#include <vector>

#include "arch/kpu/credit_board.h"
#include "arch/kpu/tile_context.h"
#include "sim/memory/port.h"
#include "sim/noc/mesh.h"

namespace cyclescope::kpu {

class DmaEngine : public Engine, public noc::Sink, public noc::Source {
 public:
  DmaEngine(const ChipContext& chip, int engine, noc::Mesh& mesh, const CreditBoard& credits,
            const std::vector<Copies>& routes);

  void connect(memory::Port& port, std::function<void(std::int32_t, std::int64_t, const ledger::Release&)> stored) {
    port_ = &port;
    stored_ = std::move(stored);
  }

  /// A frame begins at t0 >= now; resident weights are skipped when they are on chip already.
  void schedule_frame(Femtoseconds t0, bool resident_loaded);

  /// Operators up to `op` are complete; known here from release.at on.
  void completed(std::int32_t op, const ledger::Release& release);

  /// Results of operators up to `op` are in external memory; known here from release.at on.
  void stored_up_to(std::int32_t op, const ledger::Release& release);

  /// The slot of a delivery is known to be free from `at` on.
  void credit_known(std::int32_t token, Femtoseconds at);

  void deliver(noc::Site site, const noc::Packet& packet, const ledger::Release& by) override;

  /// The injection link takes the next packet: from now on it is known when that is no longer under way.
  void injected(noc::Site site, const noc::Injection& injection) override;

 protected:
  void step() override;

 private:
  static constexpr int kWrite = -1;
  static constexpr int kFree = -2;

  /// A memory request under way.
  struct Pending {
    int assembly = kFree;  ///< of a read: its packet; else kWrite or kFree
    std::int32_t op = -1;
    std::int64_t bytes = 0;
  };
  /// A packet whose data come from memory.
  struct Assembly {
    const Copies* routes = nullptr;
    noc::Packet packet;
    int requests = 0;  ///< that it consists of
    int missing = 0;   ///< of these, not answered yet; 0: free
  };
  /// A packet copy whose tail leaves at `at`.
  struct Taken {
    Femtoseconds at = 0;
    ledger::ActivityId by = ledger::kOrigin;
    int requests = 0;
  };

  [[nodiscard]] const std::vector<Load>& loads() const { return chip_.program.loads[static_cast<std::size_t>(tile_)]; }
  void skip_resident();
  bool start_descriptor();
  bool issue_store();
  bool issue_load();
  /// A packet for what is left of the descriptor.
  void begin_assembly(const Load& load);
  /// The later of two; of one instant and reason the first, as ids say nothing of the order of modules.
  [[nodiscard]] static ledger::Release later(const ledger::Release& first, const ledger::Release& second) {
    const bool tie = first.at == second.at && first.reason == second.reason;
    return tie ? first : ledger::latest({first, second});
  }
  /// What freed a request slot last.
  [[nodiscard]] ledger::Release slot() const { return later(left_, answered_); }
  /// Bytes from an address to the end of its granule of dma.packet bytes: a request does not go beyond.
  [[nodiscard]] std::int64_t to_granule(std::int64_t address) const {
    return chip_.config.request_bytes - address % chip_.config.request_bytes;
  }
  void issue(const Pending& pending, std::int64_t address, const ledger::Release& release, memory::Role role);
  void take_replies();
  void collect_taken();

  noc::Mesh& mesh_;
  const CreditBoard& credits_;
  const std::vector<Copies>& routes_;
  memory::Port* port_ = nullptr;
  std::function<void(std::int32_t, std::int64_t, const ledger::Release&)> stored_;
  bool resident_loaded_ = false;
  std::size_t next_ = 0;     ///< descriptor
  std::int64_t issued_ = 0;  ///< bytes of it requested
  bool started_ = false;
  ledger::Release ready_;                   ///< descriptor set up, or the request before
  ledger::Release last_issue_;              ///< the request before
  std::vector<ledger::Release> gates_;      ///< per operator, at = kNever while it is not complete
  std::vector<ledger::Release> in_memory_;  ///< the same for its results in external memory
  std::int32_t stored_up_to_ = -1;
  std::int32_t waits_for_ = -1;  ///< token whose slot the next descriptor needs
  std::deque<std::pair<noc::Packet, ledger::Release>> stores_;
  std::int64_t written_ = 0;          ///< bytes of the first of them requested
  std::vector<Pending> pending_;      ///< by tag
  std::vector<Assembly> assemblies_;  ///< packets under way from memory
  int current_ = 0;                   ///< the one that requests are issued for
  std::int64_t requested_ = 0;        ///< bytes of it
  std::deque<int> queued_;            ///< requests of the packet copies that wait for the injection link
  std::deque<Taken> taken_;           ///< injections whose tail has not left yet
  bool full_ = false;                 ///< waits for a reply or a tail
  int under_way_ = 0;                 ///< requests taken
  ledger::Release answered_;          ///< a write, the latest
  ledger::Release left_;              ///< a packet, the latest
  Femtoseconds active_until_ = 0;     ///< something was under way up to here
  Femtoseconds next_issue_ = 0;
};

}  // namespace cyclescope::kpu
