// A mesh with a sink at every site, and modules that inject what a test wrote down.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "sim/noc/mesh.h"

namespace cyclescope::noc::test {

constexpr Femtoseconds kClock = 1000;
constexpr int kFlit = 16;    // bytes
constexpr int kBuffer = 34;  // flits

/// A hop is router 1 clock and link 1 clock; credits take 1 clock.
inline MeshGeometry geometry(int width, int height, std::vector<Site> edges = {}, int buffer = kBuffer) {
  return {width, height, kFlit, 1, 1, buffer, 1, std::move(edges)};
}

/// What a sink saw; times in clocks.
struct Delivery {
  Site site = 0;
  std::int32_t token = 0;
  std::int32_t bytes = 0;
  std::int64_t at = 0;
  ledger::Release by;
  bool operator==(const Delivery& other) const {
    return site == other.site && token == other.token && bytes == other.bytes && at == other.at;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Delivery& d) {
  return out << "token " << d.token << " at site " << d.site << ": " << d.bytes << " B at clock " << d.at;
}

/// What a source was told; times in clocks.
struct Taken {
  Site site = 0;
  std::int64_t told = 0;
  std::int64_t tail = 0;
  ledger::ActivityId by = ledger::kOrigin;
};

/// A packet to inject at a clock.
struct Planned {
  std::int64_t at = 0;
  RouteId route = 0;
  Packet packet;
};

/// Injects its packets at their clocks, those of one clock in the order of the list.
class Injector : public kernel::Module {
 public:
  Injector(const std::string& name, Mesh& mesh) : Module(name), mesh_(&mesh) {}

  void add(const Planned& planned) { plan_.push_back(planned); }
  void start() {
    for (const Planned& planned : plan_) wake_at(planned.at * kClock);
  }

 protected:
  void step() override {
    for (const Planned& planned : plan_) {
      if (planned.at * kClock != kernel::now()) continue;
      mesh_->inject(planned.route, planned.packet, source(planned));
    }
  }

 private:
  /// The origin releases every packet when it is due, so only the path of a packet of clock 0 is explained to the end.
  static ledger::Release source(const Planned& planned) {
    return {ledger::kOrigin, planned.at * kClock, ledger::Reason::issue};
  }

  Mesh* mesh_;
  std::vector<Planned> plan_;
};

/// Ledger, mesh, sinks and sources. Packets given to send() go through one injector; tests may add more.
class Rig : public Sink, public Source {
 public:
  explicit Rig(const MeshGeometry& g, const std::string& name = "mesh")
      : mesh((kernel::initialise(), name), g, Clock(kClock), ledger, 10), injector(name + "_injector", mesh) {
    for (Site site = 0; site < mesh.sites(); ++site) {
      mesh.set_sink(site, *this);
      mesh.set_source(site, *this);
    }
  }

  void deliver(Site site, const Packet& packet, const ledger::Release& by) override {
    CHECK(kernel::now() % kClock == 0);
    CHECK(by.at == kernel::now());
    deliveries.push_back({site, packet.token, packet.bytes, kernel::now() / kClock, by});
  }

  void injected(Site site, const Injection& injection) override {
    CHECK(injection.tail_taken > kernel::now());
    taken.push_back({site, kernel::now() / kClock, injection.tail_taken / kClock, injection.activity});
  }

  /// Plans a packet from a site to others.
  void send(std::int64_t at, Site from, const std::vector<Site>& to, std::int32_t bytes, std::int32_t token = 0) {
    injector.add({at, mesh.add_route(from, to), {token, bytes, 0, token}});
  }

  /// Runs all of it and ends the frame with the last delivery.
  void run() {
    injector.start();
    kernel::run_until_quiescent();
    finish();
  }

  void finish() {
    end = deliveries.empty() ? 0 : deliveries.back().at * kClock;
    mesh.finish(end);
    ledger.finish(end);
  }

  /// Clock at which the packet with this token was delivered at `site`, -1 if it was not or more than once.
  [[nodiscard]] std::int64_t delivered(std::int32_t token, Site site) const {
    std::int64_t at = -1;
    for (const Delivery& d : deliveries) {
      if (d.token != token || d.site != site) continue;
      if (at >= 0) return -1;
      at = d.at;
    }
    return at;
  }

  [[nodiscard]] std::int64_t flit_hops() const { return ledger.actions().front().count; }

  /// Clocks that the lane of this name spent in a leaf.
  [[nodiscard]] std::int64_t clocks(const std::string& lane_name, ledger::Leaf leaf) const {
    for (ledger::LaneId lane = 0; lane < ledger.lane_count(); ++lane) {
      if (ledger.lane_name(lane) == lane_name) return ledger.time(lane)[static_cast<std::size_t>(leaf)] / kClock;
    }
    FAIL("no lane " << lane_name);
    return -1;
  }

  /// Every lane is in a known leaf from the start of the frame to its end.
  void check_lanes_close() const {
    for (ledger::LaneId lane = 0; lane < ledger.lane_count(); ++lane) {
      Femtoseconds sum = 0;
      for (const Femtoseconds part : ledger.time(lane)) sum += part;
      INFO(ledger.lane_name(lane));
      CHECK(sum == ledger.end() - ledger.origin());
      CHECK(ledger.time(lane)[static_cast<std::size_t>(ledger::Leaf::unknown)] == 0);
    }
  }

  /// The way of a delivery back to the start of the frame: abutting segments without gaps, all of them known.
  [[nodiscard]] std::vector<ledger::PathSegment> path(const Delivery& delivery) const { return path(delivery.by); }
  [[nodiscard]] std::vector<ledger::PathSegment> path(const ledger::Release& by) const {
    std::vector<ledger::PathSegment> segments;
    Femtoseconds t = by.at;
    ledger.walk(by, ledger.origin(), [&](const ledger::PathSegment& segment) {
      CHECK(segment.to == t);
      CHECK(segment.cause == ledger::Leaf::waiting_operand_noc);
      t = segment.from;
      segments.push_back(segment);
    });
    CHECK(t == ledger.origin());
    return segments;
  }

  void check_bytes_conserved() const { CHECK(ledger.traffic().front().received == ledger.traffic().front().expected); }

  ledger::Ledger ledger;
  Mesh mesh;
  Injector injector;
  std::vector<Delivery> deliveries;
  std::vector<Taken> taken;  ///< in the order in which the sources were told
  Femtoseconds end = 0;
};

}  // namespace cyclescope::noc::test
