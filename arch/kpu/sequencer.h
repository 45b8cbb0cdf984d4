// The chip's controller: launches operators one after another, tells the DMA engines when L3 space is free.
//
// Timing: an operator is launched when the one before it is complete (all its tiles have reported); the launch takes
// `launch` clocks, and a program broadcast of R + C - 1 + ceil(program / flit) clocks when the tiles do not hold its
// program (least recently used of `program_cache`); signals between sequencer and tiles or DMA engines take `signal`
// clocks.
// Causes: overhead.launch, overhead.configuration, overhead.synchronisation.
// Actions: program_load per tile and load.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "arch/kpu/tile_context.h"

namespace cyclescope::kpu {

/// What the sequencer did between two operators, in absolute times: the operator before was complete, its follower was
/// launched, its program loaded, the signal reached the tiles. Equal times: that part took nothing.
struct Handover {
  std::int32_t before = -1;  ///< operator that was complete, -1: the frame has just begun
  Femtoseconds done = 0, launched = 0, configured = 0, arrived = 0;
};

class Sequencer : public Engine {
 public:
  explicit Sequencer(const ChipContext& chip) : Engine(chip, "sequencer", 0) {}

  /// `launch_tile(tile, launch)` is called when the signal arrives at a tile; `completed(op, release)` when an operator
  /// is complete, with the instant at which DMA engines learn of it.
  void connect(std::function<void(int, const Launch&)> launch_tile,
               std::function<void(std::int32_t, const ledger::Release&)> completed) {
    launch_tile_ = std::move(launch_tile);
    completed_ = std::move(completed);
  }

  /// `handed_over` is called at the end of every handover, before tiles are launched, and after the last operator.
  void on_handover(std::function<void(const Handover&)> handed_over) { handed_over_ = std::move(handed_over); }

  /// A frame begins at t0 >= now.
  void schedule_frame(Femtoseconds t0);

  /// All operators of the frame are complete.
  [[nodiscard]] bool frame_complete() const { return state_ == State::idle; }

  /// What is being executed, for messages.
  [[nodiscard]] std::string where() const;

  /// A tile has sent all its results of the operator at release.at.
  void tile_done(int site, std::int32_t op, const ledger::Release& release);

  /// Completion of the last operator.
  [[nodiscard]] const ledger::Release& finished() const { return finished_; }
  /// Launch and completion of an operator; equal for a view.
  struct Span {
    Femtoseconds start = 0, end = 0;
  };
  [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }

 protected:
  void step() override;

 private:
  enum class State : std::uint8_t { idle, starting, signalling, running };

  void advance(const ledger::Release& release);
  void launch(const ledger::Release& release);
  /// Signals to the DMA engines that the operator is complete.
  void announce(const ledger::Release& done);
  bool program_cached(const std::string& program);

  std::function<void(int, const Launch&)> launch_tile_;
  std::function<void(std::int32_t, const ledger::Release&)> completed_;
  std::function<void(const Handover&)> handed_over_;
  Handover handover_;
  std::int32_t last_done_ = -1;  ///< operator that ran last
  State state_ = State::idle;
  std::int32_t op_ = -1;
  std::int64_t tiles_left_ = 0;
  Femtoseconds next_at_ = 0;  ///< when the current state ends
  ledger::Release release_;   ///< of the next step
  int last_site_ = -1;        ///< of the tile whose report is the latest; equal reports go by site
  ledger::Release finished_;
  std::deque<std::string> programs_;  ///< most recent first
  std::vector<Span> spans_;
};

}  // namespace cyclescope::kpu
