#include "arch/kpu/family.h"

#include <fmt/format.h>

#include <algorithm>

#include "arch/kpu/chip.h"
#include "arch/kpu/lowering.h"
#include "sim/estimate/roofline.h"
#include "sim/machine/report.h"
#include "workloads/cost.h"

namespace cyclescope::kpu {
namespace {

using machine::MappingRow;
using machine::RunOptions;
using results::RunResult;
using workloads::Graph;

LoweringOptions lowering_options(const RunOptions& options) { return {options.precision, options.batch}; }

/// --strict-precision. Throws NotModelled naming the first operator that does not run at the precision asked for.
void refuse_substitutes(const Graph& graph, const Program& program) {
  for (const LoweredOp& op : program.ops) {
    if (op.kind == OpKind::view || op.precision_label == "native") continue;
    throw NotModelled(fmt::format("{} '{}' of model '{}' runs at {} ({}): --strict-precision wants native", op.type,
                                  op.name, graph.model, name(program.precision), op.precision_label));
  }
}

/// What is said of an operator on tiles where weights stay.
std::string folds_of(const LoweredOp& op) {
  if (!op.array.weight_stationary) return "";
  std::int64_t longest = 0;
  for (const Slice& slice : op.slices) longest = std::max(longest, slice.steps);
  return fmt::format("matrix tiles, blocks of {} x {} in {} folds of up to {} steps; ", op.block_m, op.block_n,
                     op.slices.size(), longest);
}

std::string buffers_of(const LoweredOp& op) {
  if (op.kind == OpKind::view) return "view: takes no time";
  std::string spilled;
  for (const InputEdge& edge : op.inputs) {
    if (edge.stream.used) spilled = "; activations through external memory";
  }
  if (op.kind == OpKind::vector) return "input region double-buffered in L2" + spilled;
  const char* held = op.hold == Hold::a   ? "A strip held in L2, B slices double-buffered"
                     : op.hold == Hold::b ? "B strip held in L2, A chunks double-buffered"
                                          : "A chunks and B slices double-buffered in L2";
  std::string weights = "both operands activations";
  if (op.weights.used) {
    weights = op.resident ? "weights resident in L3"
              : op.weights.reload
                  ? "weights loaded for every use"
                  : fmt::format("{} of {} weight slices fit L3", op.weight_slots.back(), op.column_slices());
  }
  const std::string parts = op.part_channels > 0 ? fmt::format("{} parts of the reduction; ", op.groups) : "";
  return fmt::format("{}{}{}; {}{}", folds_of(op), parts, held, weights, spilled);
}

/// An operator as `explain --mapping` prints it: the product (rows, columns, reduction), tiles that work on it, output
/// blocks, blocks on the busiest tile, bytes, and what is held where. Of l3_bytes_per_tile the largest over the tiles,
/// everything alive during the operator.
MappingRow row_of(const LoweredOp& op) {
  const bool view = op.kind == OpKind::view;
  const auto unless_view = [view](std::int64_t value) { return view ? 0 : value; };
  const std::int64_t input_bytes =
      view ? 0 : op.frames * op.in_height * op.in_width * op.in_channels * op.inputs.front().element_bytes;
  return {{{"name", op.name},
           {"type", op.type},
           {"members", op.members},
           {"m", unless_view(op.m)},
           {"n", unless_view(op.n)},
           {"k", unless_view(op.k)},
           {"tiles", view ? 0 : op.tiles()},
           {"blocks", unless_view(op.grid_m * op.grid_n)},
           {"rounds", view ? 0 : op.rounds()},
           {"macs", unless_view(op.macs)},
           {"weight_bytes", unless_view(op.weight_bytes)},
           {"input_bytes", input_bytes},
           {"l3_bytes_per_tile", op.l3_peak},
           {"buffers", buffers_of(op)}}};
}

std::vector<MappingRow> rows_of(const Program& program) {
  std::vector<MappingRow> rows;
  rows.reserve(program.ops.size());
  for (const LoweredOp& op : program.ops) rows.push_back(row_of(op));
  return rows;
}

std::int64_t resident_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const LoweredOp& op : program.ops) bytes += op.resident ? op.weight_bytes : 0;
  return bytes;
}

/// External bytes that belong to each operator in this frame.
std::vector<std::int64_t> external_bytes(const Program& program, bool resident_loaded) {
  std::vector<std::int64_t> bytes(program.ops.size(), 0);
  for (const std::vector<Load>& engine : program.loads) {
    for (const Load& load : engine) {
      if (!(load.resident && resident_loaded)) bytes[static_cast<std::size_t>(load.op)] += load.bytes;
    }
  }
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    bytes[i] += program.store_expected[i];
  }
  return bytes;
}

/// Operators on the longest chain of data dependencies.
std::int64_t depth_of(const Program& program) {
  std::vector<std::int64_t> depth(program.ops.size(), 0);
  std::int64_t deepest = 0;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    if (program.ops[i].kind == OpKind::view) continue;
    for (const InputEdge& edge : program.ops[i].inputs) {
      for (const Piece& piece : edge.pieces) {
        if (piece.producer >= 0) depth[i] = std::max(depth[i], depth[static_cast<std::size_t>(piece.producer)]);
      }
    }
    deepest = std::max(deepest, ++depth[i]);
  }
  return deepest;
}

void report_operators(const Program& program, const Chip& chip, bool resident_loaded, RunResult& result) {
  const std::vector<std::int64_t> bytes = external_bytes(program, resident_loaded);
  const machine::Frame frame = chip.frame();
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    const LoweredOp& op = program.ops[i];
    const Sequencer::Span& span = chip.sequencer().spans()[i];
    results::OperatorResult row;
    row.name = op.name;
    row.type = op.type;
    row.precision_label = op.kind == OpKind::view ? "view" : op.precision_label;
    row.start_cycle = ceil_div(span.start - frame.start, frame.clock_period);
    row.end_cycle = ceil_div(span.end - frame.start, frame.clock_period);
    row.macs = op.macs;
    row.dram_bytes = bytes[i];
    row.bound = op.kind == OpKind::view ? "view" : "";
    result.operators.push_back(std::move(row));
  }
}

class KpuFamily : public machine::Family {
 public:
  [[nodiscard]] std::string name() const override { return "kpu"; }
  [[nodiscard]] config::Schema schema() const override { return kpu::schema(); }
  [[nodiscard]] std::int64_t quarter_macs(const config::Settings& settings, Precision precision) const override {
    return from_settings(settings).quarter_macs(precision);
  }
  [[nodiscard]] machine::MeshSize mesh_size(const config::Settings& settings) const override {
    const KpuConfig config = from_settings(settings);
    return {config.mesh_width, config.mesh_height};
  }

  [[nodiscard]] std::vector<workloads::FusedGroup> groups(const Graph& graph) const override {
    return workloads::fuse(graph, fusion_rules());
  }

  [[nodiscard]] std::vector<MappingRow> mapping(const Graph& graph, const config::Settings& settings,
                                                const RunOptions& options) const override {
    return rows_of(lower(graph, from_settings(settings), lowering_options(options)));
  }

  [[nodiscard]] RunResult run(const Graph& graph, const config::Settings& settings,
                              const RunOptions& options) const override {
    const KpuConfig config = from_settings(settings);
    const Program program = lower(graph, config, lowering_options(options));
    if (options.strict_precision) refuse_substitutes(graph, program);
    kernel::initialise();
    ledger::Ledger ledger(options.ledgers);
    ledger.inject(options.faults.ledger);
    Chip chip(config, program, settings, ledger);
    chip.inject(options.faults);
    const bool steady = options.initial_state == "steady";
    machine::execute(chip, ledger, options);

    RunResult result;
    result.model = graph.model;
    result.precision = cyclescope::name(options.precision);
    result.precision_label = precision_use(options.precision).label;
    result.batch = options.batch;
    result.initial_state = options.initial_state;
    result.clock_hz = config.clock_hz;
    result.macs = checked_mul(workloads::total_cost(graph).macs, options.batch);
    result.macs_executed = macs_executed(ledger);
    result.dram_read_bytes = chip.memory().bytes_read();
    result.dram_write_bytes = chip.memory().bytes_written();
    result.compulsory_bytes = compulsory(graph, program, config, options.batch, steady);
    result.peak_memory_bytes = program.external_bytes;
    result.peak_macs_per_second = checked_mul(config.quarter_macs(program.precision), config.clock_hz) / 4;
    result.peak_bytes_per_second = chip.memory().peak_bytes_per_second();
    report_operators(program, chip, steady, result);
    const machine::Frame frame = chip.frame();
    machine::report(ledger, frame, result);
    const estimate::Roofline bound =
        estimate::roofline({result.macs, result.peak_macs_per_second, result.compulsory_bytes,
                            result.peak_bytes_per_second, depth_of(program), frame.clock_period});
    result.roofline = bound.time;
    result.roofline_bound = bound.bound;
    machine::check_laws(ledger, result);
    return result;
  }

  [[nodiscard]] machine::ServedFrames serve(const Graph& graph, const config::Settings& settings,
                                            const RunOptions& options,
                                            const std::vector<Femtoseconds>& arrivals) const override {
    const KpuConfig config = from_settings(settings);
    const Program program = lower(graph, config, lowering_options(options));
    if (options.strict_precision) refuse_substitutes(graph, program);
    kernel::initialise();
    ledger::Ledger ledger(false);
    Chip chip(config, program, settings, ledger);
    return {precision_use(options.precision).label, machine::serve(chip, ledger, options, arrivals)};
  }

 private:
  static std::int64_t macs_executed(const ledger::Ledger& ledger) {
    std::int64_t macs = 0;
    for (const ledger::Ledger::Action& action : ledger.actions()) {
      if (action.name.rfind("mac_", 0) == 0) macs += action.count;
    }
    return macs;
  }

  /// Steady: weights that the mapping keeps on chip need not move again. Ideal operands: nothing need move.
  static std::int64_t compulsory(const Graph& graph, const Program& program, const KpuConfig& config,
                                 std::int64_t batch, bool steady) {
    if (config.ideal_operands) return 0;
    const std::int64_t all = workloads::compulsory_bytes(graph, program.precision, batch);
    return steady ? std::max<std::int64_t>(0, all - resident_bytes(program)) : all;
  }
};

}  // namespace

const machine::Family& family() {
  static const KpuFamily instance;
  return instance;
}

}  // namespace cyclescope::kpu
