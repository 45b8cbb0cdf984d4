// The TLM-2.0 boundary: other memories behind our ports, other initiators before our memory.
#include <tlm_utils/simple_target_socket.h>

#include <deque>

#include "sim/base/error.h"
#include "sim/memory/tlm_memory.h"
#include "tests/memory/support.h"

namespace cyclescope::memory::test {
namespace {

using ledger::Leaf;

sc_core::sc_time time_of(Femtoseconds t) { return sc_core::sc_time::from_value(static_cast<std::uint64_t>(t)); }

/// The most trivial memory: 50 ns for anything, loosely timed, any number at once.
struct FixedLatency : sc_core::sc_module {
  explicit FixedLatency(sc_core::sc_module_name module) : sc_module(module), socket("socket") {
    socket.register_nb_transport_fw(this, &FixedLatency::forward);
  }
  tlm_utils::simple_target_socket<FixedLatency> socket;
  tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;

  tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& payload, tlm::tlm_phase&, sc_core::sc_time& delay) {
    REQUIRE(payload.get_data_ptr() != nullptr);
    payload.set_response_status(status);
    delay += time_of(50 * kNs);
    return tlm::TLM_COMPLETED;
  }
};

/// A socket in a module of its own, for owners that are kernel modules.
template <class Socket>
struct Holder : sc_core::sc_module {
  explicit Holder(sc_core::sc_module_name module) : sc_module(module), socket("socket") {}
  Socket socket;
};

/// One request at a time: the request ends after 10 ns, the response begins 20 ns later; all four phases.
struct FourPhases : kernel::Module {
  FourPhases() : Module("four_phases"), holder("target") {
    holder.socket.register_nb_transport_fw(this, &FourPhases::forward);
  }
  Holder<tlm_utils::simple_target_socket<FourPhases>> holder;
  std::vector<Femtoseconds> begun;

  tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time&) {
    REQUIRE(phase == tlm::BEGIN_REQ);
    REQUIRE(current_ == nullptr);  // the request exclusion rule
    begun.push_back(kernel::now());
    payload.acquire();
    current_ = &payload;
    wake_at(kernel::now() + 10 * kNs);
    return tlm::TLM_ACCEPTED;
  }

 protected:
  void step() override {
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    if (!responding_.empty() && responding_.front().first == kernel::now()) {
      tlm::tlm_generic_payload* payload = responding_.front().second;
      responding_.pop_front();
      payload->set_response_status(tlm::TLM_OK_RESPONSE);
      CHECK(holder.socket->nb_transport_bw(*payload, phase, delay) == tlm::TLM_COMPLETED);
      payload->release();
    }
    if (current_ == nullptr || begun.back() + 10 * kNs != kernel::now()) return;
    responding_.emplace_back(kernel::now() + 20 * kNs, current_);
    wake_at(responding_.back().first);
    tlm::tlm_generic_payload* ended = current_;
    current_ = nullptr;
    phase = tlm::END_REQ;
    holder.socket->nb_transport_bw(*ended, phase, delay);
  }

 private:
  tlm::tlm_generic_payload* current_ = nullptr;
  std::deque<std::pair<Femtoseconds, tlm::tlm_generic_payload*>> responding_;
};

TEST_CASE("a trivial memory model is attached through its target socket") {
  kernel::initialise();
  ledger::Ledger ledger;
  FixedLatency model("model");
  AttachedMemory memory("attached", ledger, model.socket, {256, 1 << 20, INT64_MAX});
  Client client("client", memory, Clock(4 * kNs), 2);
  for (std::uint64_t i = 0; i < 4; ++i) client.add(i == 1 ? write_at(i * 256) : read_at(i * 256, 100));
  client.start(0);
  kernel::run_until_quiescent();
  memory.finish(client.last());
  ledger.finish(client.last());
  // Two under way, one issued per clock: 0 and 4, back at 52 and 56 (edges after 50 and 54), then 52 and 56 again.
  REQUIRE(client.answers.size() == 4);
  const Femtoseconds expected[] = {52, 56, 104, 108};
  for (std::size_t i = 0; i < 4; ++i) {
    const Answer& answer = client.answers[i];
    check_life(answer);
    CHECK(answer.at == expected[i] * kNs);
    CHECK(spent(answer, Leaf::waiting_operand_dram_latency) == 50 * kNs);
    CHECK(spent(answer, Leaf::overhead_clock_crossing) == 2 * kNs);
    Femtoseconds covered = answer.at;
    ledger.walk({answer.reply.activity, answer.at, ledger::Reason::data}, answer.issued,
                [&](const ledger::PathSegment& segment) {
                  CHECK(segment.to == covered);
                  CHECK(segment.cause != Leaf::unknown);
                  covered = segment.from;
                });
    CHECK(covered == answer.issued);
  }
  CHECK(memory.bytes_read() == 300);
  CHECK(memory.bytes_written() == 256);
  for (const ledger::Traffic& traffic : ledger.traffic()) CHECK(traffic.received == traffic.expected);
  Femtoseconds sum = 0;
  for (const Femtoseconds part : ledger.time(0)) sum += part;
  CHECK(sum == 108 * kNs);
  CHECK(ledger.time(0)[static_cast<std::size_t>(Leaf::unknown)] == 0);
}

TEST_CASE("a memory model that uses all four phases gets one request at a time") {
  kernel::initialise();
  ledger::Ledger ledger;
  FourPhases model;
  AttachedMemory memory("attached", ledger, model.holder.socket, {256, 1 << 20, INT64_MAX});
  Client client("client", memory, Clock(1 * kNs), 8);
  for (std::uint64_t i = 0; i < 3; ++i) client.add(read_at(i * 256));
  client.start(0);
  kernel::run_until_quiescent();
  // Issued at 0, 1, 2; the second request begins when the first has ended (10), the third at 20; 30 ns each. A response
  // without delay is seen on the client's next edge.
  CHECK(model.begun == std::vector<Femtoseconds>{0, 10 * kNs, 20 * kNs});
  REQUIRE(client.answers.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    check_life(client.answers[i]);
    CHECK(client.answers[i].at == static_cast<Femtoseconds>(31 + 10 * i) * kNs);
  }
}

TEST_CASE("an error response of a memory model ends the run") {
  kernel::initialise();
  ledger::Ledger ledger;
  FixedLatency model("model");
  model.status = tlm::TLM_ADDRESS_ERROR_RESPONSE;
  AttachedMemory memory("attached", ledger, model.socket, {256, 1 << 20, INT64_MAX});
  Client client("client", memory, Clock(1 * kNs), 1);
  client.add(read_at(0));
  client.start(0);
  CHECK_THROWS_AS(kernel::run_until_quiescent(), InternalError);
}

/// An initiator that knows nothing of Access.
struct Foreign : kernel::Module, tlm::tlm_mm_interface {
  Foreign() : Module("foreign"), holder("initiator") {
    holder.socket.register_nb_transport_bw(this, &Foreign::backward);
  }
  Holder<tlm_utils::simple_initiator_socket<Foreign>> holder;
  Femtoseconds answered = 0;

  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    CHECK(phase == tlm::BEGIN_RESP);
    CHECK(payload.is_response_ok());
    answered = kernel::now() + static_cast<Femtoseconds>(delay.value());
    return tlm::TLM_COMPLETED;
  }
  void free(tlm::tlm_generic_payload* payload) override {
    payload->reset();
    delete payload;
  }

 protected:
  void step() override {
    auto* payload = new tlm::tlm_generic_payload(this);
    payload->acquire();
    payload->set_command(tlm::TLM_READ_COMMAND);
    payload->set_address(512);
    payload->set_data_ptr(data_);
    payload->set_data_length(sizeof data_);
    payload->set_streaming_width(sizeof data_);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    CHECK(holder.socket->nb_transport_fw(*payload, phase, delay) == tlm::TLM_UPDATED);
    CHECK(phase == tlm::END_REQ);
    payload->release();
  }

 private:
  unsigned char data_[32] = {};
};

TEST_CASE("our memory answers an initiator that knows only the generic payload") {
  kernel::initialise();
  ledger::Ledger ledger;
  Dram dram("dram", resolve_dram(settings(1, {"dram.refresh=off"})), ledger);
  Foreign foreign;
  foreign.holder.socket.bind(dram.socket);
  foreign.wake_at(7 * kNs);
  kernel::run_until_quiescent();
  CHECK(foreign.answered == (7 + 20 + 19 + 22 + 2 + 20) * kNs);  // controller, tRCD, RL, burst, controller
  CHECK(dram.bytes_read() == 32);
}

}  // namespace
}  // namespace cyclescope::memory::test
