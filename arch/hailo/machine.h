// The whole chip: stages, ring, portals, controller and what lies around it. Executes a plan, inference by inference.
// Lane spare.0, with a plan of one context: the sub-clusters that no stage has, idle.unused throughout.
#pragma once

#include <memory>
#include <vector>

#include "arch/hailo/controller.h"
#include "arch/hailo/portal.h"
#include "arch/hailo/stage.h"
#include "sim/machine/machine.h"

namespace cyclescope::hailo {

/// What a chip stands in.
enum class Surroundings : std::uint8_t { real, ideal };

/// A stream of frames without gap.
struct Stream {
  Femtoseconds interval = 0;       ///< from frame to frame, settled
  Femtoseconds first_latency = 0;  ///< of the first frame
  std::int64_t frames = 0;         ///< simulated
};

class Chip : public machine::Machine {
 public:
  /// `batch` frames per inference. `settings` describe local DRAM; they are not read with ideal surroundings.
  Chip(const HailoConfig& config, const Network& network, const Plan& plan, const PrecisionUse& use,
       const config::Settings& settings, std::int64_t batch, ledger::Ledger& ledger,
       Surroundings surroundings = Surroundings::real);

  /// Breaks what the tests want broken.
  void inject(const machine::Faults& faults);
  /// Takes `rows` places from the buffer of input `input` of a layer.
  void lose_credits(int layer, std::size_t input, std::int64_t rows) { stage(layer).input(input).lose_credits(rows); }

  /// Ends when all contexts are done: their last rows made, those to be stored written.
  void run_frame(bool warm) override;
  [[nodiscard]] machine::Frame frame() const override { return {frame_start_, end_, context_.clock.period()}; }

  /// Frames one after another through the one context of the plan, which is on chip, unbooked: the interval is that of
  /// the first two windows of kWindow frames that abut and agree within 0.1 %. Throws CheckFailed when none do within
  /// kMostFrames. The ledger keeps what it has of the frame before.
  Stream stream();

  static constexpr std::int64_t kWindow = 8;
  static constexpr std::int64_t kMostFrames = 64;

  [[nodiscard]] const LayerStage& layer(int index) const { return *stages_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const Outside& outside() const { return *outside_; }
  /// When the last row of each frame of the last run was stored, counted from the start of the run.
  [[nodiscard]] const std::vector<Femtoseconds>& frames_out() const { return frames_out_; }
  /// Bytes of weights, rows and lists that lie in memory outside at once.
  [[nodiscard]] std::int64_t bytes_outside() const { return home_bytes_ + local_bytes_; }
  [[nodiscard]] std::size_t mac_action() const { return context_.actions.mac; }

 private:
  static Actions declare_actions(ledger::Ledger& ledger, const HailoConfig& config, const PrecisionUse& use);
  [[nodiscard]] LayerStage& stage(int index) { return *stages_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Place between() const { return context_.config.local_dram ? Place::local : Place::home; }
  std::int64_t allocate(Place place, std::int64_t bytes);
  Stored place_rows(Place place, std::int64_t rows, std::int64_t row_bytes, std::int32_t op);
  void build_edges();
  void build_sinks();
  void build_sink(int layer, const Stored& tensor, bool output);
  RowSource& add_source(const Stage& reader, const LayerInput& input);
  void build_contexts();
  void begin(int context, Femtoseconds since, const ledger::Release& by);
  void left_chip(std::int64_t frame);
  void run(std::int64_t frames, bool resident);
  [[nodiscard]] std::string where() const;

  ChipContext context_;
  std::int64_t batch_;
  std::unique_ptr<Outside> outside_;
  std::unique_ptr<Ring> ring_;
  std::vector<std::unique_ptr<LayerStage>> stages_;
  std::unique_ptr<ledger::Lane> spare_;  ///< MACs of the sub-clusters that the one context leaves unused
  struct Sink {
    int context = 0;
    std::unique_ptr<RowSink> sink;
  };
  struct Source {
    int context = 0;
    std::unique_ptr<RowSource> source;
  };
  std::vector<Sink> sinks_;
  std::vector<Source> sources_;
  std::vector<Stored> inputs_;   ///< by graph input
  std::vector<Stored> between_;  ///< by layer; rows = 0: not stored for a later context
  std::unique_ptr<Controller> controller_;
  std::int64_t home_bytes_ = 0, local_bytes_ = 0;
  int next_channel_ = 0;

  Frames frames_;
  bool streaming_ = false;
  int outputs_ = 0;                ///< sinks of graph outputs
  std::vector<int> outputs_left_;  ///< by frame
  std::vector<Femtoseconds> frames_out_;
  Femtoseconds frame_start_ = 0;
  ledger::Release end_;
};

}  // namespace cyclescope::hailo
