#include "tests/noc/flit_reference.h"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <tuple>

namespace cyclescope::noc::test {
namespace {

/// A copy of a packet, for the destinations that this copy serves.
struct Copy {
  const Sent* packet = nullptr;
  int flits = 0;
  std::vector<Site> to;
};

/// A branch of the copy at the front of an input: its way out.
struct Branch {
  int output = 0;  ///< wire
  Copy copy;
  bool granted = false;
  int sent = 0;  ///< flits
};

/// A first-in first-out input of a router, or an injection queue.
struct Input {
  struct Entry {
    Copy copy;
    std::int64_t head_at = 0;
    int arrived = 0;  ///< flits
    int left = 0;     ///< flits that have left the buffer
  };
  std::deque<Entry> entries;
  std::vector<Branch> branches;  ///< of the front, once it is there
};

/// A link: it sends for one branch at a time.
struct Wire {
  std::string name;
  int to_router = -1;  ///< -1: ejects
  Site to_site = -1;
  int sending = -1;  ///< input that has it
  int branch = 0;
  int credits = 0;
  std::map<std::int64_t, int> credits_due;
  struct FlitDue {
    Copy copy;
    bool head = false;
    bool tail = false;
  };
  std::multimap<std::int64_t, FlitDue> flits_due;
};

class Ticker {
 public:
  Ticker(const MeshGeometry& g, const std::vector<Sent>& packets) : g_(g) {
    const int nodes = g.width * g.height;
    sites_ = nodes + static_cast<int>(g.edge_routers.size());
    for (int router = 0; router < nodes; ++router) {
      for (const char way : {'e', 'w', 'n', 's'}) {
        const int to = neighbour(router, way);
        if (to < 0) continue;
        out_[{router, to}] = add("link." + std::to_string(router) + "." + way, to, -1);
      }
    }
    for (Site site = 0; site < sites_; ++site) {
      in_.push_back(add("link." + std::to_string(site) + ".in", router_of(site), -1));
      eject_.push_back(add("link." + std::to_string(site) + ".out", -1, site));
    }
    inputs_.resize(wires_.size() + static_cast<std::size_t>(sites_));
    for (const Sent& packet : packets) {
      sorted_.push_back(&packet);
      left_ += static_cast<int>(packet.to.size());
    }
    std::stable_sort(sorted_.begin(), sorted_.end(), [](const Sent* a, const Sent* b) { return a->at < b->at; });
  }

  FlitResult run() {
    for (; left_ > 0; ++clock_) {
      if (clock_ > last_move_ + 1000 && next_ == sorted_.size()) throw std::runtime_error("the flits are stuck");
      arrive();
      inject();
      for (std::size_t input = 0; input < inputs_.size(); ++input) branch_out(static_cast<int>(input));
      arbitrate();
      send();
      for (std::size_t input = 0; input < inputs_.size(); ++input) free_space(static_cast<int>(input));
    }
    std::sort(result_.arrivals.begin(), result_.arrivals.end(), [](const auto& a, const auto& b) {
      return std::tie(a.at, a.site, a.token) < std::tie(b.at, b.site, b.token);
    });
    return result_;
  }

 private:
  int add(const std::string& name, int to_router, Site to_site) {
    wires_.push_back({name, to_router, to_site, -1, 0, g_.buffer_flits, {}, {}});
    return static_cast<int>(wires_.size()) - 1;
  }
  [[nodiscard]] int router_of(Site site) const {
    const int nodes = g_.width * g_.height;
    return site < nodes ? site : g_.edge_routers[static_cast<std::size_t>(site - nodes)];
  }
  [[nodiscard]] int neighbour(int router, char way) const {
    const int x = router % g_.width + (way == 'e' ? 1 : way == 'w' ? -1 : 0);
    const int y = router / g_.width + (way == 's' ? 1 : way == 'n' ? -1 : 0);
    return x < 0 || y < 0 || x >= g_.width || y >= g_.height ? -1 : y * g_.width + x;
  }
  /// The wire that a packet at `router` takes towards a site: X first.
  [[nodiscard]] int way_to(int router, Site site) const {
    const int target = router_of(site);
    if (target == router) return eject_[static_cast<std::size_t>(site)];
    const int dx = target % g_.width - router % g_.width;
    const char way = dx > 0 ? 'e' : dx < 0 ? 'w' : target > router ? 's' : 'n';
    return out_.at({router, neighbour(router, way)});
  }
  [[nodiscard]] Wire& wire(int index) { return wires_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Input& input(int index) { return inputs_[static_cast<std::size_t>(index)]; }

  void arrive() {
    for (std::size_t index = 0; index < wires_.size(); ++index) {
      Wire& link = wires_[index];
      for (auto due = link.credits_due.begin(); due != link.credits_due.end() && due->first <= clock_;) {
        link.credits += due->second;
        due = link.credits_due.erase(due);
      }
      for (auto due = link.flits_due.begin(); due != link.flits_due.end() && due->first <= clock_;) {
        take(static_cast<int>(index), due->second);
        due = link.flits_due.erase(due);
      }
    }
  }

  void take(int index, const Wire::FlitDue& flit) {
    last_move_ = clock_;
    if (wire(index).to_router < 0) {  // the flit is whole at the site one clock later
      if (!flit.tail) return;
      result_.arrivals.push_back({clock_ + 1, wire(index).to_site, flit.copy.packet->token});
      --left_;
      return;
    }
    Input& at = input(index);
    if (flit.head) at.entries.push_back({flit.copy, clock_, 0, 0});
    ++at.entries.back().arrived;
    int held = 0;
    for (const Input::Entry& entry : at.entries) held += entry.arrived - entry.left;
    if (held > g_.buffer_flits) throw std::runtime_error("a buffer overflows at " + wire(index).name);
  }

  void inject() {
    for (; next_ < sorted_.size() && sorted_[next_]->at == clock_; ++next_) {
      const Sent& packet = *sorted_[next_];
      const int flits = 1 + (packet.bytes + g_.flit_bytes - 1) / g_.flit_bytes;
      const auto queue = wires_.size() + static_cast<std::size_t>(packet.from);
      inputs_[queue].entries.push_back({{&packet, flits, packet.to}, clock_, flits, 0});
    }
  }

  /// The copy at the front of an input finds its outputs.
  void branch_out(int index) {
    Input& at = input(index);
    if (at.entries.empty() || !at.branches.empty()) return;
    const Copy& copy = at.entries.front().copy;
    if (index >= static_cast<int>(wires_.size())) {
      at.branches.push_back({in_[static_cast<std::size_t>(copy.packet->from)], copy, false, 0});
      return;
    }
    std::map<int, std::vector<Site>> by_output;
    for (const Site site : copy.to) by_output[way_to(wire(index).to_router, site)].push_back(site);
    for (const auto& [output, to] : by_output) at.branches.push_back({output, {copy.packet, copy.flits, to}, false, 0});
  }

  /// Idle wires take the front packet that came first; inputs are looked at in the order of their wires.
  void arbitrate() {
    std::vector<std::tuple<int, int, std::int64_t>> best(wires_.size(), {-1, 0, 0});  // input, branch, age
    for (int index = 0; index < static_cast<int>(inputs_.size()); ++index) {
      const Input& at = input(index);
      for (int branch = 0; branch < static_cast<int>(at.branches.size()); ++branch) {
        const Branch& wants = at.branches[static_cast<std::size_t>(branch)];
        if (wants.granted || wire(wants.output).sending >= 0) continue;
        auto& [first, which, age] = best[static_cast<std::size_t>(wants.output)];
        if (first >= 0 && age <= at.entries.front().head_at) continue;
        first = index;
        which = branch;
        age = at.entries.front().head_at;
      }
    }
    for (std::size_t index = 0; index < wires_.size(); ++index) {
      const auto [first, branch, age] = best[index];
      if (first < 0) continue;
      Wire& link = wires_[index];
      const int flits = input(first).entries.front().copy.flits;
      if (link.to_router >= 0 && link.credits < flits) {
        ++result_.links[link.name].waiting;
        continue;
      }
      link.credits -= flits;
      link.sending = first;
      link.branch = branch;
      input(first).branches[static_cast<std::size_t>(branch)].granted = true;
    }
  }

  void send() {
    for (Wire& link : wires_) {
      if (link.sending < 0) continue;
      const Input::Entry& entry = input(link.sending).entries.front();
      Branch& branch = input(link.sending).branches[static_cast<std::size_t>(link.branch)];
      if (branch.sent >= entry.arrived) throw std::runtime_error("a flit goes on before it came on " + link.name);
      ++branch.sent;
      ++result_.links[link.name].transfer;
      link.flits_due.insert({clock_ + g_.router_latency + g_.link_latency,
                             {branch.copy, branch.sent == 1, branch.sent == entry.copy.flits}});
      if (branch.sent < entry.copy.flits) continue;
      if (link.sending >= static_cast<int>(wires_.size())) {
        result_.tail_at[entry.copy.packet->from].push_back(clock_ + 1);
      }
      link.sending = -1;
    }
  }

  /// Flits that every branch has sent leave; their credits go back.
  void free_space(int index) {
    Input& at = input(index);
    if (at.branches.empty()) return;
    int sent = at.entries.front().copy.flits;
    for (const Branch& branch : at.branches) sent = std::min(sent, branch.sent);
    const int leave = sent - at.entries.front().left;
    at.entries.front().left = sent;
    if (leave > 0 && index < static_cast<int>(wires_.size())) {
      wire(index).credits_due[clock_ + g_.credit_latency] += leave;
    }
    if (sent < at.entries.front().copy.flits) return;
    at.entries.pop_front();
    at.branches.clear();
  }

  MeshGeometry g_;
  int sites_ = 0;
  std::vector<Wire> wires_;
  std::vector<Input> inputs_;  ///< per wire, then per site
  std::map<std::pair<int, int>, int> out_;
  std::vector<int> in_, eject_;  ///< per site
  std::vector<const Sent*> sorted_;
  std::size_t next_ = 0;
  int left_ = 0;
  std::int64_t clock_ = 0;
  std::int64_t last_move_ = 0;
  FlitResult result_;
};

}  // namespace

FlitResult tick_flits(const MeshGeometry& geometry, const std::vector<Sent>& packets) {
  return Ticker(geometry, packets).run();
}

}  // namespace cyclescope::noc::test
