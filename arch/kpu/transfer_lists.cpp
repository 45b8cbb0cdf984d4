#include "arch/kpu/transfer_lists.h"

namespace cyclescope::kpu {

int least_loaded_engine(const std::vector<std::int64_t>& loads, const std::vector<std::int32_t>& sites,
                        const KpuConfig& config) {
  std::vector<char> rows(static_cast<std::size_t>(config.mesh_height), 0);
  for (const std::int32_t site : sites) rows[static_cast<std::size_t>(site / config.mesh_width)] = 1;
  int best = -1;
  for (const bool near : {true, false}) {
    for (int engine = 0; engine < config.dma_engines; ++engine) {
      if (near && rows[static_cast<std::size_t>(config.dma_row(engine))] == 0) continue;
      const auto index = static_cast<std::size_t>(engine);
      if (best < 0 || loads[index] < loads[static_cast<std::size_t>(best)]) best = engine;
    }
    if (best >= 0) break;
  }
  return best;
}

TransferLists::TransferLists(Program& program, const KpuConfig& config) : program_(program), config_(config) {
  program.loads.resize(static_cast<std::size_t>(config.dma_engines));
  program.edge_expected.assign(static_cast<std::size_t>(program.edge_tokens),
                               std::vector<std::int64_t>(static_cast<std::size_t>(config.tiles), 0));
}

std::int32_t TransferLists::route(std::int32_t source, const std::vector<std::int32_t>& destinations) {
  const auto key = std::make_pair(source, destinations);
  const auto found = routes_.find(key);
  if (found != routes_.end()) return found->second;
  program_.routes.push_back({source, destinations});
  const auto index = static_cast<std::int32_t>(program_.routes.size() - 1);
  routes_.emplace(key, index);
  return index;
}

void TransferLists::add_load(Load load, const std::vector<std::int32_t>& destinations) {
  const auto engine = static_cast<std::size_t>(engine_for(load, destinations));
  load.route = route(config_.tiles + static_cast<std::int32_t>(engine), destinations);
  program_.loads[engine].push_back(load);
}

int TransferLists::engine_for(const Load& load, const std::vector<std::int32_t>& destinations) {
  if (load.op != balanced_op_) {
    balanced_op_ = load.op;
    balance_.assign(static_cast<std::size_t>(config_.dma_engines), 0);
  }
  const int best = least_loaded_engine(balance_, destinations, config_);
  balance_[static_cast<std::size_t>(best)] += load.bytes;
  return best;
}

void TransferLists::expect(std::int32_t token, const std::vector<std::int32_t>& sites, std::int64_t bytes) {
  for (const std::int32_t site : sites) {
    program_.edge_expected[static_cast<std::size_t>(token)][static_cast<std::size_t>(site)] += bytes;
  }
}

}  // namespace cyclescope::kpu
