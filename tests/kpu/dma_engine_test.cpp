// A DMA engine between a memory that answers as the test says and a tile beside it: requests and packets timed by hand.
// The tile is two links away, so a packet of f flits is delivered 4 + f clocks after its injection; links take it for f.
#include "arch/kpu/dma_engine.h"

#include <catch2/catch.hpp>
#include <functional>

#include "sim/memory/client_port.h"
#include "tests/kpu/support.h"

namespace {

using namespace cyclescope;
using namespace cyclescope::kpu;
using ledger::Release;

constexpr Femtoseconds kClock = 1000;
constexpr std::int64_t kSetup = 16;  // configs/platforms/common/kpu.ini
constexpr noc::Site kTile = 0, kEngine = 1;

/// Something that happened to so many bytes; times in clocks.
struct Happened {
  std::int64_t at = 0;
  std::int64_t bytes = 0;
  std::int64_t address = 0;
  bool operator==(const Happened& other) const {
    return at == other.at && bytes == other.bytes && address == other.address;
  }
};

std::ostream& operator<<(std::ostream& out, const Happened& h) {
  return out << h.bytes << " B at clock " << h.at << ", address " << h.address;
}

/// Sends what the test says at clock 0.
class Starter : public kernel::Module {
 public:
  explicit Starter(std::function<void()> start) : Module("starter"), start_(std::move(start)) { wake_at(0); }

 protected:
  void step() override { start_(); }

 private:
  std::function<void()> start_;
};

class Rig : public noc::Sink, public noc::Source {
 public:
  /// `answer`: clocks from the issue of request number i to its reply.
  Rig(const std::vector<std::string>& overrides, std::vector<Load> loads, std::function<std::int64_t(int)> answer)
      : config(test::chip(overrides)),
        program(program_of(std::move(loads))),
        context{config, program, ledger, Clock(kClock), Actions{}, TrafficBooks{}},
        action((kernel::initialise(), ledger.add_action("dma", "byte", 1))),
        mesh("mesh", {1, 1, config.flit_bytes, 1, 1, config.mesh_buffer, 1, {0}}, context.clock, ledger, 10),
        memory_lane(ledger.add_lane("memory.0", kClock)),
        routes{{mesh.add_route(kEngine, {kTile})}},
        credits(context),
        engine(context, 0, mesh, credits, routes),
        port(
            engine, "port", context.clock, config.dma_outstanding,
            [this, answer](const memory::Request& request) {
              take(request, answer(static_cast<int>(requests.size())));
            },
            [](std::int64_t) {}),
        starter([this] {
          for (const auto& packet : to_store) mesh.inject(store_route, packet, {ledger::kOrigin, 0, {}});
        }) {
    mesh.set_sink(kTile, *this);
    mesh.set_source(kTile, *this);
    mesh.set_sink(kEngine, engine);
    mesh.set_source(kEngine, engine);
    store_route = mesh.add_route(kTile, {kEngine});
    engine.connect(port, [this](std::int32_t, std::int64_t bytes, const Release& release) {
      CHECK(release.at == kernel::now());
      stored.push_back({kernel::now() / kClock, bytes, 0});
    });
  }

  void run() {
    engine.schedule_frame(0, false);
    kernel::run_until_quiescent();
  }

  void deliver(noc::Site, const noc::Packet& packet, const Release& by) override {
    delivered.push_back({kernel::now() / kClock, packet.bytes, 0});
    last = by;
  }
  void injected(noc::Site, const noc::Injection&) override {}

  ledger::Ledger ledger;
  KpuConfig config;
  Program program;
  ChipContext context;
  std::size_t action;
  noc::Mesh mesh;
  ledger::LaneId memory_lane;
  std::vector<Copies> routes;
  CreditBoard credits;
  DmaEngine engine;
  memory::ClientPort port;
  noc::RouteId store_route = 0;
  std::vector<noc::Packet> to_store;
  Starter starter;
  std::vector<Happened> requests, delivered, stored;
  Release last;  ///< of the latest delivery

 private:
  static Program program_of(std::vector<Load> loads) {
    Program program;
    program.ops.resize(1);
    program.loads.push_back(std::move(loads));
    return program;
  }

  void take(const memory::Request& request, std::int64_t clocks) {
    const Femtoseconds now = kernel::now();
    requests.push_back({now / kClock, request.bytes, static_cast<std::int64_t>(request.address)});
    memory::Reply reply;
    reply.tag = request.tag;
    const Femtoseconds visible = now + clocks * kClock;
    reply.activity = ledger.record(memory_lane, request.op, ledger::Leaf::waiting_operand_dram_latency, now, visible,
                                   request.release);
    port.deliver(visible, request.bytes, reply);
  }
};

Load load_of(std::int64_t bytes) {
  Load load;
  load.address = 8192;
  load.bytes = bytes;
  return load;
}

}  // namespace

TEST_CASE("a packet is injected when the last of its requests has been answered") {
  // 2304 B are packets of 1024, 1024 and 256 B: nine requests. Request 1 takes 400 clocks, the others 100.
  Rig rig({"dma.outstanding=8 requests"}, {load_of(2304)}, [](int i) { return i == 1 ? 400 : 100; });
  rig.run();
  // Eight requests, one per clock after the set-up. The second packet is complete first, at 16 + 7 + 100 = 123; its 65
  // flits have left at 188, when four requests are free again.
  std::vector<Happened> requests;
  for (std::int64_t i = 0; i < 8; ++i) requests.push_back({kSetup + i, 256, 8192 + 256 * i});
  requests.push_back({188, 256, 8192 + 2048});
  CHECK(rig.requests == requests);
  // The last packet, of 17 flits, is complete at 288, the first one at 17 + 400 = 417.
  CHECK(rig.delivered ==
        std::vector<Happened>{{123 + 4 + 65, 1024, 0}, {288 + 4 + 17, 256, 0}, {417 + 4 + 65, 1024, 0}});
  // Its way back: two links, the life of request 1, a clock of issue, the set-up.
  std::vector<std::pair<std::string, std::int64_t>> path;
  rig.ledger.walk(rig.last, 0, [&](const ledger::PathSegment& segment) {
    path.emplace_back(rig.ledger.lane_name(segment.lane), segment.from / kClock);
  });
  CHECK(path == std::vector<std::pair<std::string, std::int64_t>>{
                    {"link.0.out", 419}, {"link.1.in", 417}, {"memory.0", 17}, {"dma.0", 16}, {"dma.0", 0}});
}

TEST_CASE("a packet has no more requests than may be outstanding") {
  Rig rig({"dma.outstanding=3 requests"}, {load_of(1024)}, [](int) { return 100; });
  rig.run();
  // 768 B are complete at 18 + 100 = 118; their 49 flits have left at 167.
  CHECK(rig.requests == std::vector<Happened>{{16, 256, 8192}, {17, 256, 8448}, {18, 256, 8704}, {167, 256, 8960}});
  CHECK(rig.delivered == std::vector<Happened>{{118 + 4 + 49, 768, 0}, {267 + 4 + 17, 256, 0}});
}

TEST_CASE("what a tile stores is written request by request, before loads") {
  Rig rig({"dma.outstanding=3 requests", "dma.setup=80 cycles"}, {load_of(100)}, [](int) { return 50; });
  rig.to_store.push_back({0, 1000, 4096, 0});
  rig.run();
  // 1000 B are 64 flits: here at 4 + 64 = 68, requests from the next clock on, the fourth when the first is answered.
  // The set-up of the load ends at 80; its request finds a slot when the second write is answered.
  CHECK(rig.requests ==
        std::vector<Happened>{{69, 256, 4096}, {70, 256, 4352}, {71, 256, 4608}, {119, 232, 4864}, {120, 100, 8192}});
  CHECK(rig.stored == std::vector<Happened>{{119, 256, 0}, {120, 256, 0}, {121, 256, 0}, {169, 232, 0}});
  CHECK(rig.delivered == std::vector<Happened>{{170 + 4 + 8, 100, 0}});
}
