#include "arch/hailo/plan.h"

#include <algorithm>
#include <numeric>

#include "arch/hailo/contexts.h"
#include "arch/hailo/memory_fit.h"
#include "arch/hailo/placement.h"
#include "sim/base/checked.h"

namespace cyclescope::hailo {
namespace {

class Planner {
 public:
  Planner(const Network& network, const PrecisionUse& use, const HailoConfig& config)
      : network_(network), use_(use), config_(config), footprints_(network, config) {}

  Plan run() {
    int first = 0;
    for (const int end : cut_into_contexts(network_, footprints_, config_)) {
      add_context(first, end);
      first = end;
    }
    mark_stored();
    return plan_;
  }

 private:
  [[nodiscard]] const Layer& layer(const Stage& stage) const {
    return network_.layers[static_cast<std::size_t>(stage.layer)];
  }

  void add_context(int first, int end) {
    Context context;
    context.first = first;
    context.end = end;
    std::int64_t weights = 0;
    for (int l = first; l < end; ++l) {
      Stage stage;
      stage.layer = l;
      stage.context = static_cast<int>(plan_.contexts.size());
      stage.buffers = footprints_.buffers(l, first);
      stage.buffer_bytes = footprints_.buffer_bytes(l, first);
      set_subclusters(stage, 1);
      weights = checked_add(weights, layer(stage).weight_bytes);
      context.memory_bytes += layer(stage).weight_bytes + stage.buffer_bytes;
      plan_.stages.push_back(std::move(stage));
    }
    constexpr std::int64_t kMillion = 1'000'000;
    context.config_bytes =
        weights + ceil_div(checked_mul(weights, config_.config_overhead), kMillion) + config_.config_fixed;
    const MemoryFit memory(needs(context), config_);
    widen(context, memory);
    std::vector<std::int64_t> filled = subclusters(context);
    memory.fill(filled);
    const std::vector<std::vector<Share>> shares = place(filled, config_).value();
    for (int s = first; s < end; ++s) {
      Stage& stage = plan_.stages[static_cast<std::size_t>(s)];
      const auto index = static_cast<std::size_t>(s - first);
      set_subclusters(stage, filled[index]);
      stage.l4_bytes = memory.beyond(index, stage.subclusters);
      stage.shares = shares[index];
      context.subclusters += stage.subclusters;
      context.lcus += static_cast<std::int64_t>(stage.shares.size());
    }
    plan_.contexts.push_back(context);
  }

  void set_subclusters(Stage& stage, std::int64_t subclusters) {
    stage.subclusters = subclusters;
    stage.work_clocks = layer(stage).work_clocks(subclusters, use_, config_);
    stage.row_clocks = layer(stage).row_clocks(subclusters, use_, config_);
    stage.interval = layer(stage).rows * stage.row_clocks + config_.frame_overhead;
  }

  [[nodiscard]] std::vector<std::int64_t> subclusters(const Context& context) const {
    std::vector<std::int64_t> list;
    for (int s = context.first; s < context.end; ++s) {
      list.push_back(plan_.stages[static_cast<std::size_t>(s)].subclusters);
    }
    return list;
  }

  /// Fewest sub-clusters with which a row takes less time; none where more do not help.
  [[nodiscard]] std::int64_t faster(const Stage& stage) const {
    for (std::int64_t more = stage.subclusters + 1; more <= layer(stage).parallelism; ++more) {
      if (more > config_.all_subclusters()) break;
      if (layer(stage).row_clocks(more, use_, config_) < stage.row_clocks) return more;
    }
    return 0;
  }

  [[nodiscard]] std::vector<std::int64_t> needs(const Context& context) const {
    std::vector<std::int64_t> list;
    for (int s = context.first; s < context.end; ++s) list.push_back(footprints_.bytes(s, context.first));
    return list;
  }

  void widen(const Context& context, const MemoryFit& memory) {
    const auto begin = plan_.stages.begin() + context.first;
    const auto end = plan_.stages.begin() + context.end;
    while (begin != end) {
      // The first of the slowest.
      Stage& slowest =
          *std::max_element(begin, end, [](const Stage& a, const Stage& b) { return a.interval < b.interval; });
      const std::int64_t before = slowest.subclusters;
      const std::int64_t wanted = faster(slowest);
      if (wanted == 0) return;
      set_subclusters(slowest, wanted);
      if (fits(subclusters(context), memory)) continue;
      set_subclusters(slowest, before);
      return;
    }
  }

  /// Whether these stay below the cap, and there is room for those that the memory asks for beyond them.
  [[nodiscard]] bool fits(std::vector<std::int64_t> subclusters, const MemoryFit& memory) const {
    const std::int64_t sum = std::accumulate(subclusters.begin(), subclusters.end(), std::int64_t{0});
    if (sum > config_.usable_subclusters()) return false;
    if (sum + memory.missing(subclusters) > config_.all_subclusters()) return false;
    memory.fill(subclusters);
    return place(subclusters, config_).has_value();
  }

  void mark_stored() {
    for (const Stage& stage : plan_.stages) {
      for (const LayerInput& input : layer(stage).inputs) {
        if (input.producer < 0) continue;
        Stage& producer = plan_.stages[static_cast<std::size_t>(input.producer)];
        producer.stored = producer.stored || producer.context != stage.context;
      }
    }
    for (const Boundary& output : network_.outputs) {
      if (output.layer >= 0) plan_.stages[static_cast<std::size_t>(output.layer)].stored = true;
    }
  }

  const Network& network_;
  const PrecisionUse& use_;
  const HailoConfig& config_;
  Footprints footprints_;
  Plan plan_;
};

}  // namespace

Plan plan_of(const Network& network, const PrecisionUse& use, const HailoConfig& config) {
  return Planner(network, use, config).run();
}

}  // namespace cyclescope::hailo
