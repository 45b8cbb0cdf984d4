// A program can always be carried out: an abstract machine without time loads as early as gates, credits and the order
// of the DMA engines allow, tiles move operands in their own order, and nothing gets stuck or takes more slots than
// the plan of L3 gives it.
#include <map>

#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using namespace cyclescope::kpu::test;

class Machine {
 public:
  explicit Machine(const Case& c)
      : config_(c.config),
        program_(c.program),
        edge_(program_.edge_expected.size(), std::vector<std::int64_t>(static_cast<std::size_t>(c.config.tiles), 0)),
        left_(program_.stream_tiles),
        loaded_(left_.size(), 0),
        next_load_(program_.loads.size(), 0) {}

  void run() {
    for (now_ = 0; now_ < program_.ops.size(); ++now_) {
      INFO(program_.ops[now_].name);
      start();
      while (step()) {
        check_slots();
      }
      for (std::size_t tile = 0; tile < moves_.size(); ++tile) {
        INFO("tile " << tile << " waits for move " << next_move_[tile] << " of " << moves_[tile].size());
        REQUIRE(next_move_[tile] == moves_[tile].size());
      }
      push_results();
    }
    for (std::size_t engine = 0; engine < program_.loads.size(); ++engine) {
      REQUIRE(next_load_[engine] == program_.loads[engine].size());
    }
    for (std::size_t slot = 0; slot < left_.size(); ++slot) REQUIRE(left_[slot] == 0);
    REQUIRE(edge_ == program_.edge_expected);
  }

 private:
  void start() {
    const LoweredOp& op = program_.ops[now_];
    moves_.clear();
    for (std::int64_t tile = 0; op.kind != OpKind::view && tile < op.tiles(); ++tile) {
      moves_.push_back(moves_of(op, tile));
    }
    next_move_.assign(moves_.size(), 0);
  }

  bool step() {
    bool progress = false;
    for (std::size_t engine = 0; engine < program_.loads.size(); ++engine) {
      while (next_load_[engine] < program_.loads[engine].size() && load(program_.loads[engine][next_load_[engine]])) {
        ++next_load_[engine];
        progress = true;
      }
    }
    check_slots();
    for (std::size_t tile = 0; tile < moves_.size(); ++tile) {
      while (next_move_[tile] < moves_[tile].size() && move(tile, moves_[tile][next_move_[tile]])) {
        ++next_move_[tile];
        progress = true;
      }
    }
    return progress;
  }

  [[nodiscard]] bool delivery(std::int32_t token) const { return token >= program_.edge_tokens; }
  [[nodiscard]] std::size_t slot(std::int32_t token) const {
    return static_cast<std::size_t>(token - program_.edge_tokens);
  }

  bool load(const Load& load) {
    const auto complete = static_cast<std::int32_t>(now_) - 1;  // operators up to this one
    if (load.gate > complete || load.stored > complete) return false;
    if (load.credit >= 0 && (loaded_[slot(load.credit)] == 0 || left_[slot(load.credit)] > 0)) return false;
    REQUIRE(load.op >= static_cast<std::int32_t>(now_));  // nobody waits for it otherwise
    if (delivery(load.token)) {
      REQUIRE(loaded_[slot(load.token)] == 0);
      loaded_[slot(load.token)] = 1;
    } else {
      for (const std::int32_t site : program_.routes[static_cast<std::size_t>(load.route)].destinations) {
        edge_[static_cast<std::size_t>(load.token)][static_cast<std::size_t>(site)] += load.bytes;
      }
    }
    return true;
  }

  bool move(std::size_t tile, const Move& move) {
    if (!delivery(move.token)) {
      const auto token = static_cast<std::size_t>(move.token);
      const auto site = static_cast<std::size_t>(program_.ops[now_].sites[tile]);
      return edge_[token][site] == program_.edge_expected[token][site];
    }
    if (loaded_[slot(move.token)] == 0) return false;
    REQUIRE(left_[slot(move.token)] > 0);
    if (move.leaves) --left_[slot(move.token)];
    return true;
  }

  /// The deliveries of a lane that are in L3 have a slot each, for all operators from this one on.
  void check_slots() const {
    for (std::size_t j = now_; j < program_.ops.size() && j <= now_ + depth(); ++j) {
      const LoweredOp& op = program_.ops[j];
      if (op.weights.used) {
        check_lanes(op.weights, op.resident ? op.weights.length : op.weight_slots.at(now_));
      }
      for (const InputEdge& edge : op.inputs) {
        if (edge.stream.used) check_lanes(edge.stream, j == now_ ? edge.stream.slots : 0);
      }
    }
  }

  [[nodiscard]] std::size_t depth() const { return static_cast<std::size_t>(config_.prefetch_operators); }

  void check_lanes(const Stream& stream, std::int64_t slots) const {
    for (std::int64_t lane = 0; lane < stream.lanes; ++lane) {
      std::int64_t inside = 0;
      for (std::int64_t i = 0; i < stream.length; ++i) {
        const std::size_t at = slot(stream.first_token + static_cast<std::int32_t>(lane * stream.length + i));
        inside += loaded_[at] != 0 && left_[at] > 0 ? 1 : 0;
      }
      REQUIRE(inside <= slots);
    }
  }

  void push_results() {
    const LoweredOp& op = program_.ops[now_];
    for (std::size_t tile = 0; tile < program_.outputs[now_].size(); ++tile) {
      for (const BlockOutput& block : program_.outputs[now_][tile]) {
        for (const Segment& segment : block.segments) {
          if (segment.store) continue;
          for (const std::int32_t to : receivers(program_, segment, op.sites[tile])) {
            edge_[static_cast<std::size_t>(segment.token)][static_cast<std::size_t>(to)] += segment.bytes;
          }
        }
      }
    }
  }

  const KpuConfig& config_;
  const Program& program_;
  std::vector<std::vector<std::int64_t>> edge_;  ///< [token][site] bytes received
  std::vector<std::int32_t> left_;               ///< [delivery] copies not moved out yet
  std::vector<char> loaded_;                     ///< [delivery]
  std::vector<std::size_t> next_load_;           ///< [engine]
  std::vector<std::vector<Move>> moves_;         ///< [tile] of the operator that runs
  std::vector<std::size_t> next_move_;
  std::size_t now_ = 0;
};

}  // namespace

TEST_CASE("every program runs to its end within its slots, however early it loads") {
  int streamed = 0;
  int read_again = 0;
  int spilled = 0;
  for (const Case& c : cases()) {
    INFO(c.name);
    Machine(c).run();
    for (const LoweredOp& op : c.program.ops) {
      if (op.weights.used && op.weight_slots.back() < op.weights.length) {
        ++streamed;
        read_again += op.hold == Hold::none && op.grid_m > op.tiles_m ? 1 : 0;
      }
      for (const InputEdge& edge : op.inputs) spilled += edge.stream.used ? 1 : 0;
    }
  }
  REQUIRE(streamed > 0);
  REQUIRE(read_again > 0);
  REQUIRE(spilled > 0);
}
