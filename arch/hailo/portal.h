// Rows from memory outside into a context, and from it to there.
//
// Timing: RowSource: a row is asked for as soon as its reader has a place for it, in order; rows that have come leave
// in order, one clock later, from cluster 0. A tensor is read once for every input that takes it, because these may take
// its rows at different times. RowSink: a row that has come over the ring (to cluster 0) is handed to the
// DMA engine at once; its place is free when it has been written.
// Causes: those of the transfer; useful.transfer for the clock through the portal (lane portal.0, never busy).
// Actions: those of the transfer and the ring.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "arch/hailo/fanout.h"
#include "arch/hailo/outside.h"

namespace cyclescope::hailo {

/// Clusters that the portal stands in.
std::vector<Share> portal_shares();

/// A tensor in memory outside.
struct Stored {
  Place place = Place::home;
  int channel = 0;
  std::int64_t address = 0;
  std::int64_t list = 0;      ///< host address of the list of row 0
  std::int64_t list_row = 0;  ///< bytes of lists per row
  std::int64_t rows = 0;      ///< per frame
  std::int64_t row_bytes = 0;
  std::int64_t frames = 1;  ///< that lie side by side
  ledger::OperatorIndex op = -1;

  /// The transfer of row `row`, counted over all frames.
  [[nodiscard]] host::Transfer transfer(std::int64_t row, memory::Direction direction) const;
};

class RowSource : public kernel::Module {
 public:
  /// `number`: order among senders on the ring.
  RowSource(const ChipContext& chip, const std::string& name, const Stored& tensor, Outside& outside, Ring& ring,
            int number);

  [[nodiscard]] Fanout& output() { return output_; }
  /// Its context is configured: by = now.
  void begin(const ledger::Release& by, Frames& frames);

 protected:
  void step() override;

 private:
  void came(std::int64_t row, const ledger::Release& by);

  const ChipContext& chip_;
  Stored tensor_;
  Outside& outside_;
  Fanout output_;
  Frames* frames_ = nullptr;
  ledger::Release begin_;
  std::int64_t asked_ = 0;
  std::int64_t left_ = 0;             ///< rows that have left
  std::deque<ledger::Release> came_;  ///< from left_ on; at = kNever: not here
};

class RowSink : public kernel::Module {
 public:
  using Written = std::function<void(std::int64_t frame, const ledger::Release&)>;

  /// `written` is called when all rows of a frame have been written.
  RowSink(const ChipContext& chip, const std::string& name, const Stored& tensor, Outside& outside, Written written);

  [[nodiscard]] Edge& input() { return input_; }
  void begin(const ledger::Release& by);

 protected:
  void step() override;

 private:
  void wrote(const ledger::Release& by);

  Stored tensor_;
  Outside& outside_;
  Edge input_;
  Written written_;
  std::int64_t next_ = 0;
  std::int64_t written_rows_ = 0;
};

}  // namespace cyclescope::hailo
