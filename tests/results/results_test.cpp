// Result files: what is written is read back, the same result is the same bytes, and what is damaged is refused.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/results/result.h"
#include "tests/results/support.h"

namespace {

namespace fs = std::filesystem;
using namespace cyclescope;
using results::testing::sample;

/// An empty directory that goes away with the test.
class Directory {
 public:
  Directory() : path_((fs::temp_directory_path() / "cyclescope-results-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot create " + path_);
  }
  ~Directory() { fs::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return (fs::path(path_) / name).string(); }
  [[nodiscard]] bool empty() const { return fs::is_empty(path_); }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(path_), fs::directory_iterator());
  }

 private:
  std::string path_;
};

std::string slurp(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void spill(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The message of the InputError that reading `path` must throw: one line that names the file.
std::string refusal(const std::string& path) {
  try {
    results::read(path);
  } catch (const InputError& error) {
    std::string message = error.what();
    CHECK(message.find(path) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  FAIL("a damaged file was read: " << path);
  return {};
}

void check_equal(const results::RunResult& a, const results::RunResult& b) {
  CHECK(a.schema == b.schema);
  CHECK(a.platform == b.platform);
  CHECK(a.model == b.model);
  CHECK(a.precision == b.precision);
  CHECK(a.precision_label == b.precision_label);
  CHECK(a.batch == b.batch);
  CHECK(a.initial_state == b.initial_state);
  CHECK(a.version == b.version);
  CHECK(a.clock_hz == b.clock_hz);
  CHECK(a.clock_period == b.clock_period);
  CHECK(a.makespan == b.makespan);
  CHECK(a.cycles == b.cycles);
  CHECK(a.host_overhead == b.host_overhead);
  CHECK(a.initiation_interval == b.initiation_interval);
  CHECK(a.frames_in_flight == b.frames_in_flight);
  CHECK(a.macs == b.macs);
  CHECK(a.macs_executed == b.macs_executed);
  CHECK(a.dram_read_bytes == b.dram_read_bytes);
  CHECK(a.dram_write_bytes == b.dram_write_bytes);
  CHECK(a.host_read_bytes == b.host_read_bytes);
  CHECK(a.host_write_bytes == b.host_write_bytes);
  CHECK(a.compulsory_bytes == b.compulsory_bytes);
  CHECK(a.peak_memory_bytes == b.peak_memory_bytes);
  CHECK(a.fits == b.fits);
  CHECK(a.peak_macs_per_second == b.peak_macs_per_second);
  CHECK(a.peak_bytes_per_second == b.peak_bytes_per_second);
  CHECK(a.roofline == b.roofline);
  CHECK(a.roofline_bound == b.roofline_bound);
  CHECK(a.energy_fj == b.energy_fj);
  CHECK(a.host_energy_fj == b.host_energy_fj);
  CHECK(a.critical_path == b.critical_path);
  CHECK(a.settings == b.settings);
  REQUIRE(a.operators.size() == b.operators.size());
  for (std::size_t i = 0; i < a.operators.size(); ++i) {
    const results::OperatorResult& x = a.operators[i];
    const results::OperatorResult& y = b.operators[i];
    CHECK(std::tie(x.name, x.type, x.precision_label, x.start_cycle, x.end_cycle, x.macs, x.dram_bytes, x.bound,
                   x.exposed, x.energy_fj) == std::tie(y.name, y.type, y.precision_label, y.start_cycle, y.end_cycle,
                                                       y.macs, y.dram_bytes, y.bound, y.exposed, y.energy_fj));
  }
  REQUIRE(a.lanes.size() == b.lanes.size());
  for (std::size_t i = 0; i < a.lanes.size(); ++i) {
    CHECK(a.lanes[i].name == b.lanes[i].name);
    CHECK(a.lanes[i].time == b.lanes[i].time);
    CHECK(a.lanes[i].slots == b.lanes[i].slots);
  }
  REQUIRE(a.path.size() == b.path.size());
  for (std::size_t i = 0; i < a.path.size(); ++i) {
    const results::PathStep& x = a.path[i];
    const results::PathStep& y = b.path[i];
    CHECK(std::tie(x.cause, x.lane, x.op, x.from, x.to) == std::tie(y.cause, y.lane, y.op, y.from, y.to));
  }
  REQUIRE(a.traffic.size() == b.traffic.size());
  for (std::size_t i = 0; i < a.traffic.size(); ++i) {
    const results::TrafficResult& x = a.traffic[i];
    const results::TrafficResult& y = b.traffic[i];
    CHECK(std::tie(x.name, x.sent, x.expected, x.received) == std::tie(y.name, y.sent, y.expected, y.received));
  }
  REQUIRE(a.laws.size() == b.laws.size());
  for (std::size_t i = 0; i < a.laws.size(); ++i) {
    const results::LawResult& x = a.laws[i];
    const results::LawResult& y = b.laws[i];
    CHECK(std::tie(x.name, x.holds, x.detail) == std::tie(y.name, y.holds, y.detail));
  }
}

}  // namespace

TEST_CASE("a result is read back as it was written") {
  const Directory directory;
  const std::string path = directory.file("run.h5");
  results::RunResult result = sample();
  result.initiation_interval = 50'000'000;
  result.frames_in_flight = 400;
  results::write(result, path);
  check_equal(results::read(path), result);
  CHECK(directory.files() == 1);
}

TEST_CASE("a result without operators, lanes and path is read back") {
  const Directory directory;
  const std::string path = directory.file("empty.h5");
  const results::RunResult empty;
  results::write(empty, path);
  check_equal(results::read(path), empty);
}

TEST_CASE("a long path is read back exactly") {
  const Directory directory;
  results::RunResult result = sample();
  result.path.clear();
  std::mt19937_64 random(7);
  for (Femtoseconds t = 0; result.path.size() < 50'000;) {
    const Femtoseconds next = t + static_cast<Femtoseconds>(random() % 1'000'000'000);
    result.path.push_back({random() % 2 == 0 ? "useful.mac" : "waiting.weights",
                           static_cast<std::int32_t>(random() % 2), static_cast<std::int32_t>(random() % 4) - 1, t,
                           next});
    t = next;
  }
  results::write(result, directory.file("long.h5"));
  check_equal(results::read(directory.file("long.h5")), result);
}

TEST_CASE("the same result is the same bytes, and replaces what was there") {
  const Directory directory;
  results::write(sample(), directory.file("a.h5"));
  spill(directory.file("b.h5"), "something longer than nothing");
  results::write(sample(), directory.file("b.h5"));
  CHECK(slurp(directory.file("a.h5")) == slurp(directory.file("b.h5")));
  results::write(results::read(directory.file("a.h5")), directory.file("c.h5"));
  CHECK(slurp(directory.file("a.h5")) == slurp(directory.file("c.h5")));
}

TEST_CASE("totals are integer sums and ratios") {
  const results::RunResult result = sample();
  CHECK(result.total_energy_fj() == 700 + 100 + 200);
  // 128e9 MAC/s over 200 ns are 25 600 MACs; 12 800 of them were done.
  CHECK(result.utilisation_ppm() == 500'000);
  CHECK(results::RunResult().utilisation_ppm() == 0);
  results::RunResult large = result;
  large.energy_fj = {{"a", INT64_MAX}, {"b", 1}};
  CHECK_THROWS_AS(large.total_energy_fj(), InternalError);
}

TEST_CASE("a file cut at any place is refused") {
  const Directory directory;
  const std::string path = directory.file("cut.h5");
  results::write(sample(), path);
  const std::string bytes = slurp(path);
  for (std::size_t size = 0; size < bytes.size(); size += size < 600 ? 37 : 997) {
    spill(path, bytes.substr(0, size));
    refusal(path);
  }
  spill(path, bytes + "x");
  CHECK(refusal(path).find("damaged") != std::string::npos);
}

TEST_CASE("a file with any byte changed is refused") {
  const Directory directory;
  const std::string path = directory.file("flipped.h5");
  results::write(sample(), path);
  const std::string bytes = slurp(path);
  std::mt19937_64 random(11);
  for (int i = 0; i < 300; ++i) {
    std::string changed = bytes;
    const std::size_t at = i < 100 ? static_cast<std::size_t>(i) : random() % bytes.size();
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1U << random() % 8));
    spill(path, changed);
    refusal(path);
  }
}

TEST_CASE("files of other kinds are refused by name") {
  const Directory directory;
  const std::string path = directory.file("foreign");
  spill(path, "");
  CHECK(refusal(path).find("cyclescope-run-1") != std::string::npos);
  spill(path, "cyclescope-run-2 0123456789abcdef 12\n");
  CHECK(refusal(path).find("not a result of this version") != std::string::npos);
  spill(path, "\x89HDF\r\n\x1a\n" + std::string(2'000, '\0'));
  refusal(path);
  CHECK(refusal(directory.file("absent.h5")).find("cannot open") != std::string::npos);
  CHECK(refusal(fs::path(path).parent_path().string()).find("cannot open") != std::string::npos);
}

TEST_CASE("an inconsistent result is not written") {
  const Directory directory;
  results::RunResult result = sample();
  SECTION("a gap in the path") { result.path[2].from += 1; }
  SECTION("a lane that is not there") { result.path[1].lane = 2; }
  SECTION("an operator that is not there") { result.path[1].op = 3; }
  SECTION("a zero byte in a name") { result.model.push_back('\0'); }
  CHECK_THROWS_AS(results::write(result, directory.file("bad.h5")), InternalError);
  CHECK(directory.empty());
}

TEST_CASE("a result that cannot be written leaves nothing behind") {
  const Directory directory;
  SECTION("a directory that is not there") {
    CHECK_THROWS_AS(results::write(sample(), directory.file("absent/run.h5")), InputError);
  }
  SECTION("a directory in its place") {
    fs::create_directory(directory.file("run.h5"));
    CHECK_THROWS_AS(results::write(sample(), directory.file("run.h5")), InputError);
    fs::remove(directory.file("run.h5"));
  }
  SECTION("a name that is too long") {
    CHECK_THROWS_AS(results::write(sample(), directory.file(std::string(300, 'x'))), InputError);
  }
  SECTION("no space left") {
    signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{1'000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK_THROWS_AS(results::write(sample(), directory.file("run.h5")), InputError);
    setrlimit(RLIMIT_FSIZE, &before);
  }
  CHECK(directory.empty());
}

TEST_CASE("a device is never replaced by a result") {
  CHECK_THROWS_AS(results::write(sample(), "/dev/full"), InputError);
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("a failed write keeps the older file") {
  const Directory directory;
  const std::string path = directory.file("run.h5");
  results::write(sample(), path);
  const std::string before = slurp(path);
  {
    results::AtomicFile file(path);
    file.write("half a file");
  }
  CHECK(slurp(path) == before);
  CHECK(directory.files() == 1);
}
