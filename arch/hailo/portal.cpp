#include "arch/hailo/portal.h"

#include <utility>

#include "sim/base/error.h"

namespace cyclescope::hailo {

using ledger::Leaf;
using ledger::Reason;
using ledger::Release;

std::vector<Share> portal_shares() { return {{0, 1}}; }

host::Transfer Stored::transfer(std::int64_t row, memory::Direction direction) const {
  const std::int64_t slot = row % (rows * frames);
  host::Transfer transfer;
  transfer.host_address = static_cast<std::uint64_t>(address + slot * row_bytes);
  transfer.bytes = row_bytes;
  transfer.direction = direction;
  transfer.role = direction == memory::Direction::read ? memory::Role::activations : memory::Role::output;
  transfer.op = op;
  transfer.descriptors = static_cast<std::uint64_t>(list + slot * list_row);
  return transfer;
}

RowSource::RowSource(const ChipContext& chip, const std::string& name, const Stored& tensor, Outside& outside,
                     Ring& ring, int number)
    : kernel::Module(name),
      chip_(chip),
      tensor_(tensor),
      outside_(outside),
      output_(chip, ring, portal_shares(), tensor.row_bytes, number, tensor.op, chip.lanes.portal) {}

void RowSource::begin(const Release& by, Frames& frames) {
  frames_ = &frames;
  begin_ = {by.by, by.at, Reason::issue};
  asked_ = left_ = 0;
  came_.clear();
  wake_at(by.at);
}

void RowSource::step() {
  if (frames_ == nullptr) return;
  while (asked_ / tensor_.rows < frames_->wanted) {
    Release release = begin_;
    if (!output_.credits(release) || !frames_->may_begin(asked_ / tensor_.rows)) return;  // woken by a credit
    output_.take();
    came_.push_back({ledger::kOrigin, kNever, Reason::data});
    host::Transfer transfer = tensor_.transfer(asked_, memory::Direction::read);
    transfer.release = release;
    transfer.done = [this, row = asked_](const Release& done) { came(row, done); };
    ++asked_;
    outside_.submit(tensor_.place, tensor_.channel, std::move(transfer));
  }
}

void RowSource::came(std::int64_t row, const Release& by) {
  came_[static_cast<std::size_t>(row - left_)] = by;
  const Femtoseconds now = kernel::now();
  const Femtoseconds through = now + chip_.clocks(1);
  for (; !came_.empty() && came_.front().at != kNever; came_.pop_front(), ++left_) {
    const Release& last = row == left_ ? came_.front() : by;  // a row that came before waited for this one
    const ledger::ActivityId crossing =
        chip_.ledger.record(chip_.lanes.portal, tensor_.op, Leaf::useful_transfer, now, through, last);
    output_.send(left_, {crossing, through, Reason::data});
  }
}

RowSink::RowSink(const ChipContext& chip, const std::string& name, const Stored& tensor, Outside& outside,
                 Written written)
    : kernel::Module(name),
      tensor_(tensor),
      outside_(outside),
      input_(chip, *this, chip.config.portal_rows, tensor.op),
      written_(std::move(written)) {}

void RowSink::begin(const Release& by) {
  input_.restart(by);
  next_ = written_rows_ = 0;
}

void RowSink::step() {
  input_.collect();
  for (const Release* row = input_.row(next_); row != nullptr; row = input_.row(next_)) {
    host::Transfer transfer = tensor_.transfer(next_, memory::Direction::write);
    transfer.release = *row;
    transfer.done = [this](const Release& done) { wrote(done); };
    ++next_;
    outside_.submit(tensor_.place, tensor_.channel, std::move(transfer));
  }
}

void RowSink::wrote(const Release& by) {
  ++written_rows_;
  input_.release_below(written_rows_, {by.by, by.at, Reason::credit});
  if (written_rows_ % tensor_.rows == 0) written_(written_rows_ / tensor_.rows - 1, by);
}

}  // namespace cyclescope::hailo
