// Where everything lies in external memory, decided while transfers are planned.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "arch/kpu/program.h"

namespace cyclescope::kpu {

class ExternalMemory {
 public:
  /// Places for `operators` operators; every one starts at a multiple of `alignment`.
  ExternalMemory(std::size_t operators, std::int64_t alignment) : alignment_(alignment), results_(operators) {}

  /// A new place, aligned; returns its address.
  std::int64_t allocate(std::int64_t bytes);
  /// A place right behind the one before; returns its address.
  std::int64_t append(std::int64_t bytes);
  /// What is appended next is aligned.
  void align() { end_ = aligned(end_); }
  /// Bytes in use.
  [[nodiscard]] std::int64_t end() const { return end_; }

  /// What was appended from `begin` on are the results of an operator.
  void set_results(std::int32_t index, std::int64_t begin);

  /// Where the next delivery of weights lies that are loaded for every use: there is one copy of them.
  std::int64_t read_weights(const LoweredOp& op);
  /// Where the next delivery of a streamed edge is read. Of an edge with several producers each is read in turn, as much
  /// as its share of the edge. Throws NotModelled when a producer has stored less than one delivery.
  std::int64_t read_edge(const LoweredOp& op, const InputEdge& edge, std::int64_t bytes);

 private:
  /// A tensor or a part of one, read from front to back and over again.
  struct Stretch {
    std::int64_t begin = 0, bytes = 0, next = 0;
    std::int64_t take(std::int64_t room);
  };
  /// A stretch that a streamed edge is read from.
  struct Source {
    Stretch* stretch = nullptr;
    std::int64_t elements = 0;  ///< of the edge, that lie there
    std::int64_t read = 0;      ///< bytes
  };

  /// With the space up to the next place.
  [[nodiscard]] std::int64_t aligned(std::int64_t bytes) const;
  /// What the producers of an edge have stored, and a stretch for what the graph gives of it.
  std::vector<Source> list_sources(const LoweredOp& op, const InputEdge& edge);

  std::int64_t alignment_;
  std::int64_t end_ = 0;
  std::vector<Stretch> results_;                             ///< [operator]
  std::map<const LoweredOp*, Stretch> weights_;              ///< that are loaded for every use
  std::map<const InputEdge*, Stretch> given_;                ///< what the graph gives of a streamed edge
  std::map<const InputEdge*, std::vector<Source>> sources_;  ///< of streamed edges
};

}  // namespace cyclescope::kpu
