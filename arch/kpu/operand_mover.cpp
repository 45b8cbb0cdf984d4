#include "arch/kpu/operand_mover.h"

#include <algorithm>

namespace cyclescope::kpu {

using ledger::Reason;
using ledger::Release;

OperandMover::OperandMover(const ChipContext& chip, int tile, L3& l3, TokenBoard& tokens, CreditBoard& credits)
    : Engine(chip, "mover_in", tile), l3_(l3), tokens_(tokens), credits_(credits) {
  tokens_.notify([this](std::int32_t token, Femtoseconds at) {
    if (next_ < moves_.size() && moves_[next_].token == token) wake_at(std::max(at, kernel::now()));
  });
}

void OperandMover::launch(const Launch& launch, std::vector<Move> moves, std::int64_t pool_a, std::int64_t pool_b,
                          std::int64_t pool_residual) {
  if (next_ != moves_.size()) throw InternalError("an operator was launched before the one before it had moved all");
  for (Pool& pool : pools_) {
    collect(pool);
    if (pool.free != pool.capacity) throw InternalError("L2 did not get back every byte that was moved into it");
  }
  launch_ = launch;
  moves_ = std::move(moves);
  next_ = 0;
  starts_.clear();
  moved_.clear();
  pools_[index(Operand::a)] = {pool_a, pool_a, launch.release, {}};
  pools_[index(Operand::b)] = {pool_b, pool_b, launch.release, {}};
  pools_[index(Operand::residual)] = {pool_residual, pool_residual, launch.release, {}};
  wake_at(kernel::now());
}

void OperandMover::release_pool(Operand operand, std::int64_t bytes, const Release& release) {
  Pool& pool = pools_[index(operand)];
  pool.returning.push_back({bytes, release});
  const bool waits = next_ < moves_.size() && moves_[next_].operand == operand && pool.free < moves_[next_].bytes;
  if (waits) wake_at(release.at);
}

void OperandMover::collect(Pool& pool) {
  const auto back = [&pool](const Credit& credit) {
    if (credit.release.at > kernel::now()) return false;
    pool.free += credit.bytes;
    pool.last = ledger::latest({pool.last, credit.release});
    return true;
  };
  pool.returning.erase(std::remove_if(pool.returning.begin(), pool.returning.end(), back), pool.returning.end());
}

void OperandMover::step() {
  while (next_ < moves_.size()) {
    const Move& move = moves_[next_];
    Pool& pool = pools_[index(move.operand)];
    collect(pool);
    const auto queue = static_cast<std::size_t>(chip_.config.block_mover_queue);
    const Femtoseconds fetched = next_ < queue ? launch_.release.at : starts_[next_ - queue];
    const Femtoseconds decoded = fetched + chip_.clocks(chip_.config.block_mover_setup);
    const Release* arrived = tokens_.completed(move.token);
    if (arrived == nullptr) return;  // woken when it is
    if (pool.free < move.bytes) {    // woken by what is on its way back, and by what will be
      for (const Credit& credit : pool.returning) wake_at(credit.release.at);
      return;
    }
    const Femtoseconds ready = std::max({decoded, arrived->at, engine_free_});
    if (ready > kernel::now()) {
      wake_at(ready);
      return;
    }
    Release decode = next_ < queue ? launch_.release : Release{moved_[next_ - queue], fetched, Reason::resource};
    if (decoded >= std::max(arrived->at, engine_free_)) {
      const ledger::ActivityId setup =
          chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::overhead_descriptor, fetched, decoded, decode);
      decode = {setup, decoded, Reason::issue};
    }
    perform(move, pool, ledger::latest({*arrived, pool.last, decode}));
  }
}

void OperandMover::perform(const Move& move, Pool& pool, Release release) {
  if (last_ != ledger::kOrigin) release = ledger::latest({release, {last_, engine_free_, Reason::resource}});
  const L3::Burst burst = l3_.access(L3Client::mover_in, move.bytes, lane_.id(), launch_.op, release);
  const Femtoseconds visible = burst.end + chip_.clocks(chip_.config.l3_latency + 1);
  last_ = chip_.ledger.record(lane_.id(), launch_.op, ledger::Leaf::waiting_operand_l3, burst.start, visible,
                              burst.release);
  wait_until(burst.start, burst.release);
  lane_.busy_until(burst.end, ledger::Leaf::useful_transfer);
  engine_free_ = burst.end;
  starts_.push_back(burst.start);
  moved_.push_back(last_);
  if (move.leaves) credits_.moved_out(move.token, launch_.op, {last_, burst.end, Reason::credit});
  pool.free -= move.bytes;
  ++next_;
  chip_.ledger.count(chip_.actions.block_mover, move.bytes, launch_.op);
  chip_.ledger.count(chip_.actions.l2_write, move.bytes, launch_.op);
  chip_.ledger.sent(chip_.traffic.l3_to_l2, move.bytes);
  out_[index(move.operand)]->push_at({move.bytes, {last_, visible, Reason::data}}, visible);
}

}  // namespace cyclescope::kpu
