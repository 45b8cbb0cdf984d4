#include "sim/memory/tlm_port.h"

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::memory {

TlmPort::TlmPort(sc_core::sc_module_name module, kernel::Module& client, const std::string& name, const Clock& clock,
                 int max_outstanding, ClientPort::Taken taken, Explain explain)
    : sc_module(module),
      socket("socket"),
      port_(
          client, name, clock, max_outstanding, [this](const Request& request) { send(request); }, std::move(taken)),
      explain_(std::move(explain)) {
  socket.register_nb_transport_bw(this, &TlmPort::backward);
}

void TlmPort::send(const Request& request) {
  if (free_.empty()) {
    transactions_.push_back(std::make_unique<Transaction>());
    transactions_.back()->set_mm(this);
    free_.push_back(transactions_.back().get());
  }
  Transaction& payload = *free_.back();
  free_.pop_back();
  payload.acquire();
  payload.access.request = request;
  payload.access.clock = &port_.clock();
  payload.access.issued = kernel::now();
  payload.access.life.clear();
  payload.data.resize(request.bytes);
  const bool read = request.direction == Direction::read;
  payload.set_command(read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(request.address);
  payload.set_data_ptr(payload.data.data());
  payload.set_data_length(request.bytes);
  payload.set_streaming_width(request.bytes);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  if (requesting_ != nullptr) {
    held_.push_back(&payload);
  } else {
    begin(payload);
  }
}

void TlmPort::begin(tlm::tlm_generic_payload& payload) {
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  requesting_ = &payload;
  const tlm::tlm_sync_enum answer = socket->nb_transport_fw(payload, phase, delay);
  if (answer == tlm::TLM_COMPLETED) {
    respond(payload, delay);
  } else if (answer == tlm::TLM_UPDATED) {
    backward(payload, phase, delay);
    if (phase != tlm::BEGIN_RESP) return;
    tlm::tlm_phase end = tlm::END_RESP;
    socket->nb_transport_fw(payload, end, delay);
  }
}

void TlmPort::request_ended() {
  requesting_ = nullptr;
  if (held_.empty()) return;
  tlm::tlm_generic_payload& next = *held_.front();
  held_.pop_front();
  begin(next);
}

tlm::tlm_sync_enum TlmPort::backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_RESP) {
    respond(payload, delay);
    return tlm::TLM_COMPLETED;
  }
  if (phase != tlm::END_REQ) throw InternalError("memory target sends a phase that is none of the base protocol");
  request_ended();
  return tlm::TLM_ACCEPTED;
}

void TlmPort::respond(tlm::tlm_generic_payload& payload, const sc_core::sc_time& delay) {
  if (payload.get_response_status() != tlm::TLM_OK_RESPONSE) {
    throw InternalError("memory target answers " + payload.get_response_string());
  }
  Access& access = *access_of(payload);
  const Request& request = access.request;
  const Femtoseconds now = kernel::now();
  const Femtoseconds answered = now + static_cast<Femtoseconds>(delay.value());
  const Femtoseconds visible = port_.clock().edge(std::max(answered, now + 1));
  if (access.life.empty() || access.life.back().to != visible) {
    if (access.life.empty()) {
      access.life.push_back({ledger::Leaf::waiting_operand_dram_latency, access.issued, std::max(answered, now + 1)});
    }
    if (access.life.back().to < visible) {
      access.life.push_back({ledger::Leaf::overhead_clock_crossing, access.life.back().to, visible});
    }
    explain_(access, visible);
  }
  const bool read = request.direction == Direction::read;
  port_.deliver(visible, read ? std::int64_t{request.bytes} : 0,
                Reply{request.tag, std::move(access.life), access.activity});
  const bool ends_request = requesting_ == &payload;
  payload.release();
  if (ends_request) request_ended();
}

void TlmPort::free(tlm::tlm_generic_payload* payload) { free_.push_back(static_cast<Transaction*>(payload)); }

}  // namespace cyclescope::memory
