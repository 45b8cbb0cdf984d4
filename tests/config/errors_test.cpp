// Every way an input can be wrong: one line with place, key, value and what was expected.
#include "tests/config/support.h"

namespace cyclescope::config::test {
namespace {

/// A line of a file and what the message says about it after `FILE:2: `.
struct BadLine {
  const char* line;
  const char* message;
};

TEST_CASE("a wrong line is refused with file, line, key, value and expectation") {
  const std::vector<BadLine> cases{
      {"array.rows = 16 | derived | x", "array.rows = 16 | derived | x: '16' has no unit; expected 1 PE to 1024 PE"},
      {"array.rows = 16 MHz | derived | x",
       "array.rows = 16 MHz | derived | x: '16 MHz' has an unknown unit 'MHz' (known: PE); expected 1 PE to 1024 PE"},
      {"memory.latency = 1 NS | derived | x",
       "memory.latency = 1 NS | derived | x: '1 NS' has an unknown unit 'NS' (known: fs ps ns us ms s); expected 0 ns "
       "to 1000 ns"},
      {"memory.latency = 1 ns extra | derived | x",
       "memory.latency = 1 ns extra | derived | x: '1 ns extra' has an unknown unit 'ns extra' (known: fs ps ns us ms "
       "s); expected 0 ns to 1000 ns"},
      {"array.copies = 2 PE | derived | x",
       "array.copies = 2 PE | derived | x: '2 PE' has a unit 'PE' where none is allowed; expected 1 to 64"},
      {"array.rows = -4 PE | derived | x",
       "array.rows = -4 PE | derived | x: '-4 PE' is negative; expected 1 PE to 1024 PE"},
      {"array.offset = -9 PE | derived | x",
       "array.offset = -9 PE | derived | x: '-9 PE' is out of range; expected -8 PE to 8 PE"},
      {"array.rows = 1025 PE | derived | x",
       "array.rows = 1025 PE | derived | x: '1025 PE' is out of range; expected 1 PE to 1024 PE"},
      {"array.rows = 0 PE | derived | x",
       "array.rows = 0 PE | derived | x: '0 PE' is out of range; expected 1 PE to 1024 PE"},
      {"array.rows = 1.5 PE | derived | x",
       "array.rows = 1.5 PE | derived | x: '1.5 PE' is not representable: not a whole number of PE; expected 1 PE to "
       "1024 PE"},
      {"memory.latency = 0.0000001 ns | derived | x",
       "memory.latency = 0.0000001 ns | derived | x: '0.0000001 ns' is not representable: not a whole number of fs; "
       "expected 0 ns to 1000 ns"},
      {"memory.size = 99999999999 GiB | derived | x",
       "memory.size = 99999999999 GiB | derived | x: '99999999999 GiB' is out of range (overflow); expected 1 KiB to "
       "1073741824 KiB"},
      {"array.rows = many PE | derived | x",
       "array.rows = many PE | derived | x: 'many PE' is not a decimal number; expected 1 PE to 1024 PE"},
      {"array.rows = 1. PE | derived | x",
       "array.rows = 1. PE | derived | x: '1. PE' is not a decimal number; expected 1 PE to 1024 PE"},
      {"array.rows = 0x10 PE | derived | x",
       "array.rows = 0x10 PE | derived | x: '0x10 PE' has an unknown unit 'x10 PE' (known: PE); expected 1 PE to 1024 "
       "PE"},
      {"memory.refresh = sometimes | derived | x",
       "memory.refresh = sometimes | derived | x: 'sometimes' is not a known word; expected one of off per_bank "
       "all_bank"},
      {"memory.ideal = yes | derived | x", "memory.ideal = yes | derived | x: 'yes' is not a flag; expected on or off"},
      {"array.rows =",
       "array.rows = : empty value; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of 1 PE to 1024 PE"},
      {"array.rows = | derived | x",
       "array.rows = | derived | x: empty value; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of 1 PE to "
       "1024 PE"},
      {"array.rows = 2 PE",
       "array.rows = 2 PE: no confidence; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of 1 PE to 1024 "
       "PE"},
      {"array.rows = 2 PE | guessed | x",
       "array.rows = 2 PE | guessed | x: unknown confidence 'guessed'; expected one of datasheet published derived "
       "fitted assumed"},
      {"array.rows = 2 PE | derived",
       "array.rows = 2 PE | derived: no source; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of 1 PE to "
       "1024 PE"},
      {"array.rows = 2 PE | derived |  # nothing",
       "array.rows = 2 PE | derived |: no source; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a value of 1 PE "
       "to 1024 PE"},
      {"array.rows = 2 PE | derived | x | y",
       "array.rows = 2 PE | derived | x | y: '|' in the source; expected 'VALUE [UNIT] | CONFIDENCE | SOURCE' with a "
       "value of 1 PE to 1024 PE"},
      {"array.row = 2 PE | derived | x",
       "array.row = 2 PE | derived | x: unknown key 'array.row' (did you mean 'array.rows'?); expected a declared key"},
      {"clock = 2 GHz | derived | x",
       "clock = 2 GHz | derived | x: repeated key, first set in line 1; expected each key once"},
      {"base =", "base = : empty value; expected names of INI files"},
      {"just words", "'just words' is not a setting; expected 'key = value' or '[section]'"},
      {"= 3", "'= 3' is not a setting; expected 'key = value' or '[section]'"},
      {"[ ]", "empty section name; expected '[name]'"},
  };
  const Directory directory;
  const Schema schema = full_schema();
  for (const BadLine& bad : cases) {
    const std::string file = directory.write("m.ini", std::string("clock = 1 GHz | derived | x\n") + bad.line + "\n");
    CHECK(input_error(schema, file) == file + ":2: " + bad.message);
  }
}

TEST_CASE("numbers with more digits than any value needs are refused") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 0." + std::string(40, '1') + " GHz | derived | x\n");
  CHECK(input_error(full_schema(), file).find("has more than 37 digits; expected 1 MHz to 10000 MHz") !=
        std::string::npos);
}

TEST_CASE("a repeated key is seen through sections") {
  const Directory directory;
  const std::string file = directory.write("m.ini",
                                           "array.rows = 1 PE | derived | x\n"
                                           "[array]\n"
                                           "rows = 1 PE | derived | x\n");
  CHECK(input_error(full_schema(), file) ==
        file + ":3: array.rows = 1 PE | derived | x: repeated key, first set in line 1; expected each key once");
}

TEST_CASE("a missing required key names the key and its range") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "");
  CHECK(input_error(full_schema(), file) ==
        file + ": required key 'clock' (a number) is not set; expected 1 MHz to 10000 MHz");
}

TEST_CASE("a missing file, a directory and a missing base file are refused") {
  const Directory directory;
  const std::string good = directory.write("sub/m.ini", "base = absent.ini\nclock = 1 GHz | derived | x\n");
  const std::string folder = std::filesystem::path(good).parent_path().string();
  CHECK(input_error(full_schema(), good + ".gone") ==
        good + ".gone: cannot open '" + good + ".gone'; expected a readable INI file");
  CHECK(input_error(full_schema(), folder) == folder + ": cannot open '" + folder + "'; expected a readable INI file");
  CHECK(input_error(full_schema(), good) ==
        good + ":1: base = absent.ini: cannot open '" + folder + "/absent.ini'; expected a readable INI file");
}

TEST_CASE("base files that form a cycle are refused where it closes") {
  const Directory directory;
  const std::string a = directory.write("a.ini", "base = b.ini\n");
  const std::string b = directory.write("b.ini", "# b\nbase = sub/../a.ini\n");
  CHECK(input_error(full_schema(), a) ==
        b + ":2: base = sub/../a.ini: base files form a cycle; expected files that do not name each other");
}

TEST_CASE("an error in a base file names that file") {
  const Directory directory;
  const std::string base = directory.write("parts/b.ini", "\narray.rows = 0 PE | derived | x\n");
  const std::string file = directory.write("a.ini", "base = parts/b.ini\n");
  CHECK(input_error(full_schema(), file).rfind(base + ":2: array.rows = 0 PE", 0) == 0);
}

TEST_CASE("a wrong --set names itself") {
  const Directory directory;
  const Schema schema = full_schema();
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\n");
  CHECK(input_error(schema, file, {"array.rows=-4"}) ==
        "--set array.rows=-4: '-4' is negative; expected 1 PE to 1024 PE");
  CHECK(input_error(schema, file, {"array.rows=4 ns"}) ==
        "--set array.rows=4 ns: '4 ns' has an unknown unit 'ns' (known: PE); expected 1 PE to 1024 PE");
  CHECK(input_error(schema, file, {"array.rows="}) == "--set array.rows=: '' is empty; expected 1 PE to 1024 PE");
  CHECK(input_error(schema, file, {"memory.idael=on"}) ==
        "--set memory.idael=on: unknown key 'memory.idael' (did you mean 'memory.ideal'?); expected a declared key");
  CHECK(input_error(schema, file, {"array.rows"}) == "--set array.rows: no '='; expected key=VALUE [UNIT]");
}

TEST_CASE("an override that another choice leaves without effect is refused, a line of a file is not") {
  const Directory directory;
  Schema schema = full_schema();
  Declaration gap = optional(number("refresh.gap", Quantity::time, "ns", 0, 1'000'000'000), "0 ns");
  gap.only_with = {"memory.refresh", "all_bank"};
  schema.add(gap);
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\nrefresh.gap = 3 ns | derived | x\n");
  CHECK(
      input_error(schema, file, {"refresh.gap=5"}) ==
      "--set refresh.gap=5 ns: no effect while memory.refresh is per_bank; expected memory.refresh=all_bank beside it");
  CHECK(resolve(schema, file, {}).integer("refresh.gap") == 3'000'000);
  for (const std::vector<std::string>& both : {std::vector<std::string>{"refresh.gap=5", "memory.refresh=all_bank"},
                                               {"memory.refresh=all_bank", "refresh.gap=5"}}) {
    CHECK(resolve(schema, file, both).integer("refresh.gap") == 5'000'000);
  }
}

TEST_CASE("control characters cannot break the message into lines") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\n");
  CHECK(input_error(full_schema(), file, {"array.rows=1\n2"}) ==
        "--set array.rows=1?2: '1?2' has an unknown unit '?2' (known: PE); expected 1 PE to 1024 PE");
}

}  // namespace
}  // namespace cyclescope::config::test
