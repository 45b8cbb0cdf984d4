// A client's end of any memory model: limits what is under way and hands replies over on the client's clock.
//
// Timing: a reply posted for time t (an edge of the client's clock, later than now) is ready from t on; the request's
// slot frees when the client takes the reply. Replies of one instant come in order of tag.
// Errors: issuing without a slot or taking a reply that is not there is an InternalError.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "sim/memory/port.h"

namespace cyclescope::memory {

class ClientPort : public Port {
 public:
  using Sink = std::function<void(const Request&)>;
  using Taken = std::function<void(std::int64_t bytes_read)>;

  /// `sink` receives each request at its issue, `taken` the bytes of each read reply when the client takes it.
  ClientPort(kernel::Module& client, std::string name, const Clock& clock, int max_outstanding, Sink sink, Taken taken);

  [[nodiscard]] bool can_issue() const override { return outstanding_ < max_outstanding_; }
  void issue(const Request& request) override;
  [[nodiscard]] bool reply_ready() const override;
  Reply take_reply() override;

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] int outstanding() const { return outstanding_; }

  /// Called by the memory before `visible`.
  void deliver(Femtoseconds visible, std::int64_t bytes_read, Reply reply);

 private:
  struct Delivery {
    Femtoseconds visible;
    std::int64_t bytes_read;
    Reply reply;
  };

  kernel::Module* client_;
  std::string name_;
  Clock clock_;
  int max_outstanding_;
  int outstanding_ = 0;
  Sink sink_;
  Taken taken_;
  std::deque<Delivery> deliveries_;
};

}  // namespace cyclescope::memory
