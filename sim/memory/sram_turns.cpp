#include "sim/memory/sram_turns.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::memory {

SramTurns::SramTurns(const SramGeometry& geometry, const std::vector<Direction>& clients) : geometry_(geometry) {
  std::vector<std::int64_t> on_port(static_cast<std::size_t>(geometry.port_count()));
  for (const Direction direction : clients) {
    Client client;
    client.turn = on_port[static_cast<std::size_t>(geometry.port(direction))]++;
    clients_.push_back(client);
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients_[i].turns = on_port[static_cast<std::size_t>(geometry.port(clients[i]))];
    if (geometry.group_banks() % clients_[i].turns != 0) {
      throw InternalError(fmt::format("SRAM of {} banks per group in turns of {} clients: a multiple expected",
                                      geometry.group_banks(), clients_[i].turns));
    }
  }
}

SramBurst SramTurns::burst(std::size_t client_index, std::int64_t bank, std::int64_t lines, std::int64_t now) {
  Client& client = clients_[client_index];
  if (lines < 0 || bank < 0 || bank >= geometry_.group_banks()) {
    throw InternalError(
        fmt::format("SRAM burst of {} lines from bank {}: no negative number and one of {} banks expected", lines, bank,
                    geometry_.group_banks()));
  }
  const std::int64_t ready = std::max(now, client.free_at);
  const std::int64_t late = ((bank - ready - client.turn) % client.turns + client.turns) % client.turns;
  const std::int64_t start = ready + late;
  client.free_at = start + lines;
  client.next_bank = (bank + lines) % geometry_.group_banks();
  return {start, client.free_at, client.free_at + geometry_.latency};
}

}  // namespace cyclescope::memory
