// Which data have arrived in one tile's L3: bytes counted per token, complete when all expected bytes are there.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arch/kpu/program.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::kpu {

class TokenBoard {
 public:
  TokenBoard(const Program& program, int tile)
      : program_(program),
        tile_(static_cast<std::size_t>(tile)),
        received_(static_cast<std::size_t>(program.tokens), 0),
        release_(static_cast<std::size_t>(program.tokens)) {}

  /// `bytes` of a token are in L3 from release.at on. Throws InternalError when more arrive than are expected.
  void add(std::int32_t token, std::int64_t bytes, const ledger::Release& release) {
    const auto index = static_cast<std::size_t>(token);
    received_[index] += bytes;
    if (received_[index] > expected(token)) throw InternalError("a tile received more bytes than it expected");
    release_[index] = ledger::latest({release_[index], release});
    if (received_[index] == expected(token)) on_complete_(release_[index].at);
  }

  [[nodiscard]] bool complete(std::int32_t token) const {
    return received_[static_cast<std::size_t>(token)] == expected(token);
  }

  /// What made a complete token complete.
  [[nodiscard]] const ledger::Release& release(std::int32_t token) const {
    return release_[static_cast<std::size_t>(token)];
  }

  /// Called with the instant at which a token became complete.
  void notify(std::function<void(Femtoseconds)> on_complete) { on_complete_ = std::move(on_complete); }

  /// A new frame: forgets what was there, except resident weights when they are kept.
  void restart(Femtoseconds t0, bool keep_resident) {
    for (std::int32_t token = 0; token < program_.tokens; ++token) {
      const auto index = static_cast<std::size_t>(token);
      const bool weight = token >= program_.edge_tokens;
      const bool keep =
          keep_resident && weight && program_.weight_resident[index - static_cast<std::size_t>(program_.edge_tokens)];
      if (!keep) received_[index] = 0;
      release_[index] = {ledger::kOrigin, t0, ledger::Reason::data};
    }
  }

 private:
  [[nodiscard]] std::int64_t expected(std::int32_t token) const {
    const auto index = static_cast<std::size_t>(token);
    const auto edges = static_cast<std::size_t>(program_.edge_tokens);
    return index < edges ? program_.edge_expected[index][tile_] : program_.weight_expected[index - edges];
  }

  const Program& program_;
  std::size_t tile_;
  std::vector<std::int64_t> received_;
  std::vector<ledger::Release> release_;
  std::function<void(Femtoseconds)> on_complete_;
};

}  // namespace cyclescope::kpu
