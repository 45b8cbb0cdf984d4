// The mesh as a table of flits that ticks every clock: the reference for sim/noc/mesh, written without its arithmetic.
// Every flit is moved, every credit counted, every packet copy finds its way hop by hop from its destinations.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/noc/mesh.h"

namespace cyclescope::noc::test {

/// A packet to inject at a clock; those of one site and clock in the order of the list.
struct Sent {
  std::int64_t at = 0;
  Site from = 0;
  std::vector<Site> to;
  std::int32_t bytes = 0;
  std::int32_t token = 0;
};

struct FlitResult {
  struct Arrival {
    std::int64_t at = 0;
    Site site = 0;
    std::int32_t token = 0;
    bool operator==(const Arrival& other) const { return at == other.at && site == other.site && token == other.token; }
  };
  struct Usage {
    std::int64_t transfer = 0;  ///< clocks
    std::int64_t waiting = 0;
  };
  std::vector<Arrival> arrivals;                      ///< by clock, site, token
  std::map<Site, std::vector<std::int64_t>> tail_at;  ///< per source, in order: clock at which the tail is taken
  std::map<std::string, Usage> links;
};

/// Ticks until every packet is delivered. Throws std::runtime_error when a buffer overflows or nothing moves any more.
FlitResult tick_flits(const MeshGeometry& geometry, const std::vector<Sent>& packets);

}  // namespace cyclescope::noc::test
