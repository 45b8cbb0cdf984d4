// What is known of a platform file before its schema: family and description, also through base files.
#include "sim/run/platforms.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim/base/error.h"

namespace {

namespace fs = std::filesystem;
using namespace cyclescope;

/// A directory of INI files that goes away with the test.
class Files {
 public:
  Files() : path_((fs::temp_directory_path() / "cyclescope-platforms-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot create " + path_);
  }
  ~Files() { fs::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& name) const { return (fs::path(path_) / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }
  [[nodiscard]] std::string add(const std::string& name, const std::string& text) const {
    write(name, text);
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("family and description are read without a schema") {
  const Files files;
  const std::string path = files.add("chip-1.ini",
                                     "# comment\n[platform]\nfamily = kpu | published | here\n"
                                     "description = a chip of 6 W | published | there\n");
  const run::PlatformFile file = run::find_platform(path);
  CHECK(file.name == "chip-1");
  CHECK(file.family == "kpu");
  CHECK(file.description == "a chip of 6 W");
}

TEST_CASE("the file itself wins over its bases, a later base over an earlier one") {
  const Files files;
  files.write("base/a.ini", "[platform]\nfamily = first\ndescription = of a\n");
  files.write("base/b.ini", "[platform]\nfamily = second\n");
  const std::string path = files.add("chip.ini", "base = base/a.ini base/b.ini\n");
  CHECK(run::find_platform(path).family == "second");
  CHECK(run::find_platform(path).description == "of a");
  const std::string own = files.add("own.ini", "base = base/a.ini\n[platform]\nfamily = own\n");
  CHECK(run::find_platform(own).family == "own");
}

TEST_CASE("bases that form a cycle are refused") {
  const Files files;
  files.write("a.ini", "base = b.ini\n");
  const std::string path = files.add("b.ini", "base = a.ini\n");
  CHECK_THROWS_AS(run::find_platform(path), InputError);
}

TEST_CASE("an unknown family is refused with those that are known") {
  const Files files;
  for (const char* text : {"[platform]\nfamily = abacus | assumed | here\n", "[platform]\ndescription = no family\n"}) {
    const std::string path = files.add("chip.ini", text);
    CHECK_THROWS_WITH(run::load_platform(path, {}),
                      Catch::Contains("platform.family") && Catch::Contains("kpu") && Catch::Contains(path));
  }
}

TEST_CASE("an unknown platform is refused by name") {
  CHECK_THROWS_WITH(run::find_platform("no-such-chip"), Catch::Contains("no-such-chip"));
  CHECK_THROWS_AS(run::find_platform("./no-such-chip.ini"), InputError);
}
