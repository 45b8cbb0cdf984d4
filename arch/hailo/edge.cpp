#include "arch/hailo/edge.h"

#include "sim/base/error.h"

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

Edge::Edge(const ChipContext& chip, kernel::Module& reader, std::int64_t capacity, ledger::OperatorIndex reader_op)
    : chip_(chip), reader_(reader), capacity_(capacity), reader_op_(reader_op) {
  if (capacity <= 0) throw InternalError("a row buffer without capacity");
}

void Edge::set_sender(kernel::Module& sender, int parts, std::int64_t row_bytes) {
  sender_ = &sender;
  parts_ = parts;
  row_bytes_ = row_bytes;
}

void Edge::restart(const Release& start) {
  const Release credit{start.by, start.at, Reason::credit};
  credits_.assign(static_cast<std::size_t>(capacity_ > lost_ ? capacity_ - lost_ : 0), credit);
  rows_.clear();
  oldest_ = releasable_ = 0;
  released_ = last_freed_ = credit;
}

void Edge::take() {
  if (credit() == nullptr) throw InternalError("a row is sent without credit");
  credits_.pop_front();
  rows_.push_back({parts_, {}});
}

void Edge::part(std::int64_t row, const Release& by) {
  const std::int64_t index = row - oldest_;
  if (index < 0 || index >= static_cast<std::int64_t>(rows_.size()) ||
      rows_[static_cast<std::size_t>(index)].missing == 0) {
    throw InternalError("a row arrives that was not sent");
  }
  Row& coming = rows_[static_cast<std::size_t>(index)];
  coming.by = coming.missing == parts_ ? by : later(coming.by, by);
  if (--coming.missing > 0) return;
  chip_.ledger.received(chip_.row_traffic, row_bytes_);
  reader_.wake_at(coming.by.at);
}

const Release* Edge::row(std::int64_t row) const {
  const std::int64_t index = row - oldest_;
  if (index < 0) throw InternalError("a row is read that was freed");
  if (index >= static_cast<std::int64_t>(rows_.size())) return nullptr;
  const Row& coming = rows_[static_cast<std::size_t>(index)];
  return coming.missing == 0 && coming.by.at <= kernel::now() ? &coming.by : nullptr;
}

void Edge::release_below(std::int64_t row, const Release& by) {
  if (row <= releasable_) return;
  releasable_ = row;
  released_ = by;
  collect();
}

void Edge::collect() {
  const Femtoseconds now = kernel::now();
  std::int64_t rows = 0;
  for (; oldest_ < releasable_ && row(oldest_) != nullptr; ++oldest_, ++rows) {
    last_freed_ = later(rows_.front().by, released_);
    rows_.pop_front();
  }
  if (rows == 0) return;
  const Femtoseconds heard = now + chip_.clocks(chip_.config.credit_latency);
  const ledger::ActivityId signal =
      chip_.ledger.record(chip_.lanes.credits, reader_op_, Leaf::waiting_output_space, now, heard, last_freed_);
  credits_.insert(credits_.end(), static_cast<std::size_t>(rows), Release{signal, heard, Reason::credit});
  sender_->wake_at(heard);
}

}  // namespace cyclescope::hailo
