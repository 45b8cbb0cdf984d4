// One channel of a HostDma: host_dma.h has its contract.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/host/host_dma.h"

namespace cyclescope::host {

class HostDma::Channel {
 public:
  Channel(HostDma& owner, int index, const DmaConfig& config, memory::Memory& link, const Clock& clock,
          ledger::Ledger& ledger, std::size_t descriptor_action);

  void submit(Transfer transfer);
  /// Does what can be done now; wakes the owner for the rest.
  void step();
  void restart(Femtoseconds t0);
  void finish(Femtoseconds end);

 private:
  struct Job {
    Transfer transfer;
    Femtoseconds submitted = 0;
    std::int64_t descriptors = 0;
    std::int64_t asked_for = 0;            ///< descriptors whose fetch was issued
    std::vector<ledger::Release> fetched;  ///< per descriptor, at = kNever until it is here
    std::int64_t begun = 0;                ///< descriptors
    std::int64_t issued = 0;               ///< bytes requested
    int under_way = 0;
  };
  /// What a reply belongs to.
  struct Pending {
    std::int64_t job = 0;
    std::int64_t first = -1;  ///< of a fetch: its first descriptor
    std::int64_t count = 0;
  };

  [[nodiscard]] Job& job(std::int64_t number) { return jobs_[static_cast<std::size_t>(number - first_job_)]; }
  /// End of the descriptor that covers byte `offset` of a transfer.
  [[nodiscard]] std::int64_t page_end(const Transfer& transfer, std::int64_t offset) const;
  void take_replies();
  void complete(std::int64_t number, const ledger::Release& by);
  bool fetch();
  bool begin_descriptor();
  bool issue_data();
  void issue(const Job& job, std::uint64_t address, std::int64_t bytes, bool fetching, const Pending& pending,
             const ledger::Release& release);
  [[nodiscard]] Job* current();

  HostDma& owner_;
  const DmaConfig config_;
  Clock clock_;
  ledger::Ledger& ledger_;
  ledger::Lane lane_;
  std::size_t descriptor_action_;
  std::int64_t granule_;
  memory::Port& port_;
  std::deque<Job> jobs_;  ///< not done, in order of submission
  std::int64_t first_job_ = 0;
  std::int64_t running_ = 0;  ///< number of the job whose requests go next
  std::vector<Pending> pending_;
  std::vector<std::size_t> free_tags_;
  std::int64_t ahead_ = 0;       ///< descriptors fetched or being fetched, not begun
  int under_way_ = 0;            ///< data requests
  std::int64_t page_until_ = 0;  ///< end of the descriptor in hand, as an offset into the job's transfer
  bool in_hand_ = false;
  ledger::Release ready_;          ///< the descriptor in hand is set up, or the one before has issued its last request
  ledger::Release slot_;           ///< the last data reply
  ledger::Release room_;           ///< the last descriptor that began
  ledger::Release issued_;         ///< the last request, at = the clock after it
  Femtoseconds active_until_ = 0;  ///< data were under way up to here
};

}  // namespace cyclescope::host
