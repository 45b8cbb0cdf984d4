// Where the rows of one tensor go: from the clusters that make a row, a part each, to every cluster that a reader
// stands in. A cluster gets a row once, however many readers stand in it.
//
// Timing: a part for its own cluster takes one hop's time and no link; others go over the ring (ring.h). A row is there
// for a reader when all parts are in all its clusters.
// Causes: waiting.operand.noc for the hop within a cluster (lane of the sender).
// Traffic: `rows`, per row and reader.
#pragma once

#include <vector>

#include "arch/hailo/edge.h"
#include "arch/hailo/ring.h"

namespace cyclescope::hailo {

class Fanout : public Receiver {
 public:
  /// `shares`: who makes which part of a row; `number`: the sender's, `lane`: where its rows leave from.
  Fanout(const ChipContext& chip, Ring& ring, const std::vector<Share>& shares, std::int64_t row_bytes, int number,
         ledger::OperatorIndex op, ledger::LaneId lane);

  /// Adds a reader that stands in `clusters`.
  void add(kernel::Module& sender, Edge& edge, const std::vector<Share>& clusters);

  /// True when every reader has a place; `release` becomes the latest of it and what freed those places.
  [[nodiscard]] bool credits(ledger::Release& release) const;
  /// Takes them.
  void take();
  /// Sends a row for which they were taken; it leaves at leaves.at > now.
  void send(std::int64_t row, const ledger::Release& leaves);

  void arrives(std::size_t target, std::int64_t row, const ledger::Release& by) override;

 private:
  struct Part {
    int cluster = 0;
    std::int64_t bytes = 0;
  };
  struct Target {
    int cluster = 0;
    std::vector<Edge*> edges;
  };

  const ChipContext& chip_;
  Ring& ring_;
  std::int64_t row_bytes_;
  int number_;
  ledger::OperatorIndex op_;
  ledger::LaneId lane_;
  std::vector<Part> parts_;
  std::vector<Target> targets_;
  std::vector<Edge*> edges_;
};

}  // namespace cyclescope::hailo
