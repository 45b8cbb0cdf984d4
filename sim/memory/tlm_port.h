// The TLM-2.0 boundary: where byte-addressed memory begins. A Port whose requests are generic payloads.
//
// Protocol: the base protocol, non-blocking. One payload per request: read or write command, address, length, a data
// buffer of that length (its contents are not simulated), no byte enables; and the extension Access, which a target may
// ignore. The target may answer in any way the base protocol allows: TLM_COMPLETED, TLM_UPDATED or BEGIN_RESP on the
// backward path, each with a delay. An error response is an InternalError.
// Timing: a reply is visible on the client's first edge at or after the response (its delay included), and after the
// instant of the call.
// Causes: a target that fills Access::life says itself what the request waited for, up to the edge; for one that does
// not, all of it is dram_latency, and clock_crossing to the edge.
// Source: IEEE 1666-2011, TLM-2.0.
#pragma once

#include <tlm.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/memory/client_port.h"

namespace cyclescope::memory {

/// What a payload carries beyond TLM: the request, and the reply's causes.
struct Access : tlm::tlm_extension<Access> {
  Request request;
  const Clock* clock = nullptr;  ///< of the client: replies are visible on its edges
  Femtoseconds issued = 0;

  // Filled by a target that keeps books.
  std::vector<LifeInterval> life;                 ///< abutting, from issue to the client's edge
  ledger::ActivityId activity = ledger::kOrigin;  ///< last record of that life

  [[nodiscard]] tlm::tlm_extension_base* clone() const override { return new Access(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override { *this = static_cast<const Access&>(other); }
};

/// The Access of a payload that a TlmPort sent; nullptr for payloads from elsewhere.
inline Access* access_of(tlm::tlm_generic_payload& payload) { return payload.get_extension<Access>(); }

class TlmPort : public sc_core::sc_module, public Port, private tlm::tlm_mm_interface {
 public:
  /// Books what a target without causes leaves unsaid.
  using Explain = std::function<void(Access&, Femtoseconds visible)>;

  TlmPort(sc_core::sc_module_name module, kernel::Module& client, const std::string& name, const Clock& clock,
          int max_outstanding, ClientPort::Taken taken, Explain explain);

  tlm_utils::simple_initiator_socket<TlmPort> socket;

  [[nodiscard]] bool can_issue() const override { return port_.can_issue(); }
  void issue(const Request& request) override { port_.issue(request); }
  [[nodiscard]] bool reply_ready() const override { return port_.reply_ready(); }
  Reply take_reply() override { return port_.take_reply(); }

 private:
  /// A payload with what it points to, used again and again.
  struct Transaction : tlm::tlm_generic_payload {
    Access access;
    std::vector<unsigned char> data;
    Transaction() { set_extension(&access); }
    ~Transaction() override { clear_extension(&access); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
  };

  void send(const Request& request);
  void begin(tlm::tlm_generic_payload& payload);
  void request_ended();
  void respond(tlm::tlm_generic_payload& payload, const sc_core::sc_time& delay);
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void free(tlm::tlm_generic_payload* payload) override;

  ClientPort port_;
  Explain explain_;
  std::vector<std::unique_ptr<Transaction>> transactions_;
  std::vector<Transaction*> free_;
  std::deque<tlm::tlm_generic_payload*> held_;      ///< until the request before them has ended
  tlm::tlm_generic_payload* requesting_ = nullptr;  ///< its request has not ended
};

}  // namespace cyclescope::memory
