// Which data have arrived in one tile's L3: bytes counted per token, complete when all expected bytes are there. Of
// deliveries, which are many, only those that have been asked for or arrived in part take memory.
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
  /// Of a program whose transfers were not planned (ideal operands) nothing is expected.
  TokenBoard(const Program& program, int site) : program_(program) {
    for (const std::vector<std::int64_t>& expected : program.edge_expected) {
      edges_.push_back({expected[static_cast<std::size_t>(site)], 0, {}});
    }
  }

  /// `bytes` of a token are in L3 from release.at on. Throws InternalError when more arrive than are expected.
  void add(std::int32_t token, std::int64_t bytes, const ledger::Release& release) {
    Entry& entry = is_edge(token) ? edges_[static_cast<std::size_t>(token)] : delivery(token);
    entry.received += bytes;
    if (entry.received > entry.expected) throw InternalError("a tile received more bytes than it expected");
    entry.release = ledger::latest({entry.release, release});
    if (entry.received == entry.expected) on_complete_(token, entry.release.at);
  }

  /// What made a token complete, or null while it is not.
  [[nodiscard]] const ledger::Release* completed(std::int32_t token) {
    const Entry& entry = is_edge(token) ? edges_[static_cast<std::size_t>(token)] : delivery(token);
    return entry.received == entry.expected ? &entry.release : nullptr;
  }

  /// Called with a token and the instant at which it became complete.
  void notify(std::function<void(std::int32_t, Femtoseconds)> on_complete) { on_complete_ = std::move(on_complete); }

  /// A new frame: forgets what was there, except resident weights when they are kept.
  void restart(Femtoseconds t0, bool keep_resident) {
    start_ = {ledger::kOrigin, t0, ledger::Reason::data};
    for (Entry& edge : edges_) edge = {edge.expected, 0, start_};
    std::unordered_map<std::int32_t, Entry> kept;
    for (const auto& [token, entry] : deliveries_) {  // the order does not matter: a map again
      const bool keep =
          keep_resident && program_.stream_resident[static_cast<std::size_t>(token - program_.edge_tokens)] != 0;
      if (keep) kept.emplace(token, Entry{entry.expected, entry.received, start_});
    }
    deliveries_ = std::move(kept);
  }

 private:
  struct Entry {
    std::int64_t expected = 0;
    std::int64_t received = 0;
    ledger::Release release;
  };

  [[nodiscard]] bool is_edge(std::int32_t token) const { return token < program_.edge_tokens; }

  Entry& delivery(std::int32_t token) {
    const auto found = deliveries_.find(token);
    if (found != deliveries_.end()) return found->second;
    const auto index = static_cast<std::size_t>(token - program_.edge_tokens);
    return deliveries_.emplace(token, Entry{program_.stream_bytes[index], 0, start_}).first->second;
  }

  const Program& program_;
  ledger::Release start_;
  std::vector<Entry> edges_;
  std::unordered_map<std::int32_t, Entry> deliveries_;
  std::function<void(std::int32_t, Femtoseconds)> on_complete_;
};

}  // namespace cyclescope::kpu
