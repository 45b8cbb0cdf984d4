#include "arch/hailo/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/hailo/interval.h"
#include "sim/base/error.h"

namespace cyclescope::hailo {

using ledger::Release;

void Chip::inject(const machine::Faults& faults) {
  ring_->drop_byte_of(faults.drop_byte_of_packet);
  for (const Stage& stage : context_.plan.stages) {
    for (std::size_t i = 0; i < stage.buffers.size(); ++i) lose_credits(stage.layer, i, faults.lost_result_slots);
  }
}

void Chip::begin(int context, Femtoseconds since, const Release& by) {
  const Context& part = context_.plan.contexts[static_cast<std::size_t>(context)];
  for (int layer = part.first; layer < part.end; ++layer) stage(layer).begin(since, by, frames_);
  for (const Sink& sink : sinks_) {
    if (sink.context == context) sink.sink->begin(by);
  }
  for (const Source& source : sources_) {
    if (source.context == context) source.source->begin(by, frames_);
  }
}

void Chip::left_chip(std::int64_t frame) {
  if (--outputs_left_[static_cast<std::size_t>(frame)] > 0) return;
  frames_out_.push_back(kernel::now() - frame_start_);
  if (streaming_ && settled_interval(frames_out_, kWindow) != 0) frames_.stop();
}

void Chip::run(std::int64_t frames, bool resident) {
  frame_start_ = context_.clock.edge(kernel::now());
  frames_ = {frames, 0};
  outputs_left_.assign(static_cast<std::size_t>(frames), outputs_);
  frames_out_.clear();
  outside_->restart(frame_start_);
  ring_->restart(frame_start_);
  controller_->restart(frame_start_);
  if (spare_ != nullptr) spare_->restart(frame_start_);
  for (const auto& stage : stages_) stage->restart(frame_start_);
  controller_->run(frame_start_, resident);
  kernel::run_until_quiescent();
}

void Chip::run_frame(bool warm) {
  streaming_ = false;
  context_.ledger.restart(context_.clock.edge(kernel::now()));
  run(batch_, warm && context_.plan.contexts.size() == 1);
  if (!controller_->complete()) {
    throw InternalError("the chip came to rest before the frame was complete: " + where());
  }
  end_ = controller_->end();
  outside_->finish(end_.at);
  ring_->finish(end_.at);
  controller_->finish(end_.at);
  for (const auto& stage : stages_) stage->finish(end_.at);
  if (spare_ != nullptr) spare_->finish(end_.at);
  for (const ledger::LaneId lane : {context_.lanes.credits, context_.lanes.portal}) {
    context_.ledger.post(lane, ledger::Leaf::idle_unused, frame_start_, end_.at);
  }
  context_.ledger.finish(end_.at);
}

std::string Chip::where() const {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const std::int64_t rows = context_.network.layers[i].rows * frames_.wanted;
    if (stages_[i]->rows_done() < rows) {
      return fmt::format("layer '{}' has made {} of {} rows", context_.network.layers[i].name, stages_[i]->rows_done(),
                         rows);
    }
  }
  return "rows that were made have not been stored";
}

Stream Chip::stream() {
  if (context_.plan.contexts.size() != 1) throw InternalError("a stream through several contexts");
  const bool enabled = context_.ledger.enabled();
  context_.ledger.enable(false);
  streaming_ = true;
  const Femtoseconds start = frame_start_;
  run(kMostFrames, true);
  frame_start_ = start;
  context_.ledger.enable(enabled);
  if (static_cast<std::int64_t>(frames_out_.size()) != frames_.wanted) {
    throw InternalError("the chip came to rest before the stream was complete: " + where());
  }
  Stream stream;
  stream.first_latency = frames_out_.front();
  stream.frames = frames_.wanted;
  stream.interval = settled_interval(frames_out_, kWindow);
  if (stream.interval == 0) {
    throw CheckFailed(
        fmt::format("the interval between frames does not settle within {} frames: windows of {} frames "
                    "that agree within 0.1 % expected",
                    kMostFrames, kWindow));
  }
  return stream;
}

}  // namespace cyclescope::hailo
