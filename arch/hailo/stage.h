// A layer of a context at work: rows in, rows out.
//
// Timing: row r starts at the latest of: the end of the row before (of another frame: frame_overhead later), the arrival
// of the last input row that it takes (RowMap::last), of every input; a place in every reader's buffer. It takes
// Stage::row_clocks: row_overhead to set it up, work_clocks at work, then until the port, of layer.port bytes per clock, is
// through with the row; it leaves pipe_latency later. At its end the input rows that no later row takes (RowMap::first)
// are freed.
// Causes: lane stage.I: useful.mac or useful.vector, structural.issue for set-up, structural.drain while the port is not
// through with a row whose work is done, waiting.weights from the beginning of its context until the chip is configured,
// other waits by what ended them; idle outside its context. On the path also structural.drain for pipe_latency.
// Capacity: sub-clusters x MACs x quarter-MACs of the precision per clock; a row's slots are its MACs, the rest of its
// clocks structural.padding, set-up structural.issue; of a vector layer useful.vector: its sub-clusters' MACs stand by.
// Actions: array mac_*, control row, l2 (weights once per row, the row made), l3 (input rows), aligner, apu.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "arch/hailo/fanout.h"

namespace cyclescope::hailo {

class LayerStage : public kernel::Module {
 public:
  using Done = std::function<void(const ledger::Release&)>;

  /// Layer `index` of the plan; `done` is called when its last row has ended and all rows sent to it have come.
  LayerStage(const ChipContext& chip, int index, Ring& ring, Done done);

  [[nodiscard]] Edge& input(std::size_t index) { return *inputs_[index]; }
  [[nodiscard]] Fanout& output() { return output_; }

  void restart(Femtoseconds t0);
  /// Its context, which begins at `context` <= now, is configured: by = now. Frames come as `frames` says.
  void begin(Femtoseconds context, const ledger::Release& by, const Frames& frames);
  void finish(Femtoseconds end) { lane_.finish(end); }

  [[nodiscard]] std::int64_t rows_done() const { return row_; }
  [[nodiscard]] Femtoseconds first_start() const { return first_start_; }
  [[nodiscard]] Femtoseconds last_end() const { return last_end_; }

 protected:
  void step() override;

 private:
  void end_row();
  void report_done();
  bool start_row();
  /// Latest of what row `row_` waits for besides its own lane; false while something is missing.
  bool ready(ledger::Release& release) const;
  void count_row(std::int64_t row);

  const ChipContext& chip_;
  const Layer& layer_;
  const Stage& stage_;
  std::int32_t index_;
  ledger::Lane lane_;
  Fanout output_;
  std::vector<std::unique_ptr<Edge>> inputs_;
  Done done_;
  std::int64_t slots_per_clock_;
  const Frames* frames_ = nullptr;  ///< null: outside its context
  std::int64_t row_ = 0;            ///< next, counted over all frames
  bool running_ = false;
  bool reported_ = false;
  ledger::Release own_;  ///< end of the row before, or the configuration
  Femtoseconds first_start_ = 0;
  Femtoseconds last_end_ = 0;
};

}  // namespace cyclescope::hailo
