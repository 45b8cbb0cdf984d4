#include "sim/memory/client_port.h"

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::memory {

ClientPort::ClientPort(kernel::Module& client, std::string name, const Clock& clock, int max_outstanding, Sink sink,
                       Taken taken)
    : client_(&client),
      name_(std::move(name)),
      clock_(clock),
      max_outstanding_(max_outstanding),
      sink_(std::move(sink)),
      taken_(std::move(taken)) {
  if (max_outstanding <= 0) throw InternalError("memory client " + name_ + " may have no request under way");
}

void ClientPort::issue(const Request& request) {
  if (!can_issue()) throw InternalError("memory client " + name_ + " issues without a free slot");
  ++outstanding_;
  sink_(request);
}

bool ClientPort::reply_ready() const { return !deliveries_.empty() && deliveries_.front().visible <= kernel::now(); }

Reply ClientPort::take_reply() {
  if (!reply_ready()) throw InternalError("memory client " + name_ + " takes a reply that is not there");
  Delivery delivery = std::move(deliveries_.front());
  deliveries_.pop_front();
  --outstanding_;
  taken_(delivery.bytes_read);
  return std::move(delivery.reply);
}

void ClientPort::deliver(Femtoseconds visible, std::int64_t bytes_read, Reply reply) {
  const auto later = [&](const Delivery& other) {
    return other.visible != visible ? other.visible > visible : other.reply.tag > reply.tag;
  };
  auto place = deliveries_.end();
  while (place != deliveries_.begin() && later(*(place - 1))) --place;
  deliveries_.insert(place, {visible, bytes_read, std::move(reply)});
  client_->wake_at(visible);
}

}  // namespace cyclescope::memory
