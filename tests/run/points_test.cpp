// Points of sweeps: what their keys depend on, what is simulated, reused, recorded and repeated.
#include "sim/run/points.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "sim/base/error.h"
#include "sim/results/atomic_file.h"
#include "sim/run/points_key.h"
#include "sim/run/points_progress.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

std::string source(const std::string& path) { return std::string(CYCLESCOPE_SOURCE_DIR) + "/" + path; }

/// Platforms and models are those of the source tree.
void use_source_tree() { setenv("CYCLESCOPE_ROOT", CYCLESCOPE_SOURCE_DIR, 1); }

/// A directory that is removed when the object goes.
struct Scratch {
  Scratch() {
    use_source_tree();
    std::string name = (fs::temp_directory_path() / "points_test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  [[nodiscard]] std::string string() const { return path.string(); }
  fs::path path;
};

PointSpec fast_point() { return {"kpu-t64", "resnet50", {"sim.ideal=operands"}, {}, ""}; }

/// The KPU does not model it: a recorded failure that takes no time.
PointSpec refused_point() {
  PointSpec spec{"kpu-t64", "resnet50", {}, {}, ""};
  spec.options.precision = Precision::int4;
  return spec;
}

std::vector<PointOutcome> run(const std::vector<PointSpec>& specs, const Scratch& scratch) {
  return run_points(specs, {scratch.string(), 2, false});
}

ino_t inode(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_ino;
}

TEST_CASE("SHA-1 of published examples") {  // FIPS 180-2, appendix A
  CHECK(sha1("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(sha1("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("every ingredient changes the key") {
  use_source_tree();
  const std::vector<std::function<void(PointSpec&)>> changes{
      [](PointSpec&) {},
      [](PointSpec& spec) { spec.model = "resnet50_v1"; },
      [](PointSpec& spec) { spec.sets.clear(); },
      [](PointSpec& spec) { spec.sets.emplace_back("mesh.flit=32 B"); },
      [](PointSpec& spec) {
        spec.sets.emplace_back("memory.ideal=off");
      },  // the default, yet the result says it was set
      [](PointSpec& spec) { spec.options.precision = Precision::fp32; },
      [](PointSpec& spec) { spec.options.initial_state = "cold"; },
      [](PointSpec& spec) { spec.options.batch = 2; },
      [](PointSpec& spec) { spec.options.strict_precision = true; },
      [](PointSpec& spec) { spec.options.ledgers = false; },
      [](PointSpec& spec) { spec.options.faults.ledger.drop_posting = 7; },
      [](PointSpec& spec) { spec.options.faults.drop_byte_of_packet = 7; },
      [](PointSpec& spec) { spec.options.faults.lost_result_slots = 7; },
  };
  std::set<std::string> keys;
  for (const auto& change : changes) {
    PointSpec spec = fast_point();
    change(spec);
    const std::string key = point_key(spec);
    CHECK(key.size() == 40);
    CHECK(key.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(key == point_key(spec));
    CHECK(keys.insert(key).second);
  }
}

TEST_CASE("the key of a program with other sources is another") {
  use_source_tree();
  const std::string sources = source_hash();
  CHECK(sources.size() == 64);
  CHECK(PointKeys(sources).of(fast_point()) == point_key(fast_point()));
  CHECK(PointKeys("other sources").of(fast_point()) != point_key(fast_point()));
}

TEST_CASE("another name of the platform, and one byte of the trace, change the key, the place of either does not") {
  const Scratch scratch;
  const std::string key = point_key(fast_point());
  PointSpec spec = fast_point();
  spec.label = "another label";
  spec.platform = source("configs/platforms/kpu-t64.ini");
  spec.model = (scratch.path / "moved.h5").string();
  fs::copy_file(source("traces/library/resnet50.h5"), spec.model);
  CHECK(point_key(spec) == key);

  std::ofstream(spec.model, std::ios::binary | std::ios::app) << 'x';
  CHECK(point_key(spec) != key);

  spec.model = "resnet50";
  fs::copy(source("configs"), scratch.path / "configs", fs::copy_options::recursive);
  spec.platform = (scratch.path / "configs/platforms/kpu-t64.ini").string();
  CHECK(point_key(spec) == key);
  fs::rename(spec.platform, scratch.path / "configs/platforms/renamed.ini");
  spec.platform = (scratch.path / "configs/platforms/renamed.ini").string();
  CHECK(point_key(spec) != key);
}

TEST_CASE("wrong platform, setting or model has no key") {
  use_source_tree();
  PointSpec spec = fast_point();
  spec.platform = "kpu-t65";
  CHECK_THROWS_AS(point_key(spec), InputError);
  spec = fast_point();
  spec.sets = {"mesh.flit=16 MHz"};
  CHECK_THROWS_AS(point_key(spec), InputError);
  spec = fast_point();
  spec.model = "resnet51";
  CHECK_THROWS_AS(point_key(spec), InputError);
}

TEST_CASE("points are simulated once, reused, and repeated when damaged") {
  const Scratch scratch;
  PointSpec wrong = fast_point();
  wrong.platform = "kpu-t65";
  const std::vector<PointSpec> specs{refused_point(), fast_point(), wrong, fast_point()};
  CHECK(read_points({fast_point()}, scratch.string())[0].exit_code == -1);

  const auto first = run(specs, scratch);
  REQUIRE(first.size() == 4);
  CHECK(first[0].exit_code == 3);
  CHECK_THAT(first[0].message, Catch::Matchers::Contains("not modelled"));
  CHECK(first[0].file.empty());
  CHECK(first[1].exit_code == 0);
  CHECK(first[1].file == scratch.string() + "/points/" + point_key(fast_point()) + ".h5");
  CHECK_FALSE(first[1].reused);
  CHECK(first[2].exit_code == 2);
  CHECK_THAT(first[2].message, Catch::Matchers::Contains("kpu-t65"));
  CHECK(first[3].file == first[1].file);
  // Result, log and the record of the refused point; nothing temporary.
  const fs::directory_iterator files(scratch.path / "points");
  CHECK(std::distance(begin(files), end(files)) == 3);
  const std::string bytes = results::read_file(first[1].file);
  const ino_t before = inode(first[1].file);

  const auto second = run(specs, scratch);
  CHECK((second[0].reused && second[1].reused));
  CHECK((second[0].exit_code == 3 && second[0].message == first[0].message));
  CHECK(inode(first[1].file) == before);

  std::ofstream(first[1].file, std::ios::binary | std::ios::app) << "damage";
  std::ofstream(scratch.path / "points" / (point_key(refused_point()) + ".json")) << "{";
  std::ofstream(scratch.path / "points" / ".left.h5.1.tmp") << "by a killed process";
  const auto third = run(specs, scratch);
  CHECK_FALSE(third[0].reused);
  CHECK_FALSE(third[1].reused);
  CHECK(results::read_file(first[1].file) == bytes);
  CHECK_FALSE(fs::exists(scratch.path / "points" / ".left.h5.1.tmp"));
  CHECK(read_points({fast_point()}, scratch.string())[0].file == first[1].file);
}

TEST_CASE("a broken law is recorded as exit 4") {
  const Scratch scratch;
  PointSpec spec = fast_point();
  spec.options.faults.ledger.drop_posting = 1000;
  CHECK(run({spec}, scratch)[0].exit_code == 4);
  const auto again = run({spec}, scratch)[0];
  CHECK((again.reused && again.exit_code == 4));
  CHECK_THAT(again.message, Catch::Matchers::Contains("law"));
}

TEST_CASE("a failure that may go away is not recorded") {
  const Scratch scratch;
  const std::string file = (scratch.path / "points" / (point_key(fast_point()) + ".h5")).string();
  fs::create_directories(file);  // no result can get this name
  const auto outcome = run({fast_point()}, scratch)[0];
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.file.empty());
  fs::remove(file);
  CHECK(run({fast_point()}, scratch)[0].exit_code == 0);
}

TEST_CASE("a directory that cannot be made is refused") {
  const Scratch scratch;
  std::ofstream(scratch.path / "points") << "a file";
  CHECK_THROWS_AS(run({}, scratch), InputError);
}

TEST_CASE("remaining time reads as people say it") {
  CHECK(remaining_time(0.2) == "0 s");
  CHECK(remaining_time(59.4) == "59 s");
  CHECK(remaining_time(59.6) == "1 min 0 s");
  CHECK(remaining_time(245) == "4 min 5 s");
  CHECK(remaining_time(7380) == "2 h 3 min");
}

}  // namespace
}  // namespace cyclescope::run
