// Which data have arrived in one tile's L3: bytes counted per token, complete when all expected bytes are there. Of
// deliveries, which are many, only those of which something has arrived take memory.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arch/kpu/program.h"
#include "sim/ledger/ledger.h"

namespace cyclescope::kpu {

class TokenBoard {
 public:
  TokenBoard(const Program& program, int site)
      : program_(program),
        site_(static_cast<std::size_t>(site)),
        edges_(static_cast<std::size_t>(program.edge_tokens)) {}

  /// `bytes` of a token are in L3 from release.at on. Throws InternalError when more arrive than are expected.
  void add(std::int32_t token, std::int64_t bytes, const ledger::Release& release) {
    Entry& entry = is_edge(token) ? edges_[static_cast<std::size_t>(token)]
                                  : deliveries_.try_emplace(token, Entry{0, start_}).first->second;
    entry.received += bytes;
    if (entry.received > expected(token)) throw InternalError("a tile received more bytes than it expected");
    entry.release = ledger::latest({entry.release, release});
    if (entry.received == expected(token)) on_complete_(token, entry.release.at);
  }

  [[nodiscard]] bool complete(std::int32_t token) const {
    const Entry* entry = find(token);
    return (entry == nullptr ? 0 : entry->received) == expected(token);
  }

  /// What made a complete token complete.
  [[nodiscard]] const ledger::Release& release(std::int32_t token) const {
    const Entry* entry = find(token);
    return entry == nullptr ? start_ : entry->release;
  }

  /// Called with a token and the instant at which it became complete.
  void notify(std::function<void(std::int32_t, Femtoseconds)> on_complete) { on_complete_ = std::move(on_complete); }

  /// A new frame: forgets what was there, except resident weights when they are kept.
  void restart(Femtoseconds t0, bool keep_resident) {
    start_ = {ledger::kOrigin, t0, ledger::Reason::data};
    edges_.assign(edges_.size(), Entry{0, start_});
    std::unordered_map<std::int32_t, Entry> kept;
    for (const auto& [token, entry] : deliveries_) {  // the order does not matter: a map again
      const bool keep =
          keep_resident && program_.stream_resident[static_cast<std::size_t>(token - program_.edge_tokens)] != 0;
      if (keep) kept.emplace(token, Entry{entry.received, start_});
    }
    deliveries_ = std::move(kept);
  }

 private:
  struct Entry {
    std::int64_t received = 0;
    ledger::Release release;
  };

  [[nodiscard]] bool is_edge(std::int32_t token) const { return token < program_.edge_tokens; }

  [[nodiscard]] const Entry* find(std::int32_t token) const {
    if (is_edge(token)) return &edges_[static_cast<std::size_t>(token)];
    const auto found = deliveries_.find(token);
    return found == deliveries_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] std::int64_t expected(std::int32_t token) const {
    const auto index = static_cast<std::size_t>(token);
    const auto edges = static_cast<std::size_t>(program_.edge_tokens);
    return index < edges ? program_.edge_expected[index][site_] : program_.stream_bytes[index - edges];
  }

  const Program& program_;
  std::size_t site_;
  ledger::Release start_;
  std::vector<Entry> edges_;
  std::unordered_map<std::int32_t, Entry> deliveries_;
  std::function<void(std::int32_t, Femtoseconds)> on_complete_;
};

}  // namespace cyclescope::kpu
