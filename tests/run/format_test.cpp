// Numbers as text, tables, suggestions.
#include "sim/run/format.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>
#include <string>

#include "sim/base/suggest.h"
#include "sim/run/output.h"
#include "sim/run/version.h"

using namespace cyclescope;

TEST_CASE("integers are grouped by thousands") {
  CHECK(run::grouped(0) == "0");
  CHECK(run::grouped(999) == "999");
  CHECK(run::grouped(1'000) == "1,000");
  CHECK(run::grouped(-1'234'567) == "-1,234,567");
  CHECK(run::grouped(-100) == "-100");
  CHECK(run::grouped(INT64_MAX) == "9,223,372,036,854,775,807");
  CHECK(run::grouped(INT64_MIN) == "-9,223,372,036,854,775,808");
}

TEST_CASE("quantities get the prefix that suits them") {
  CHECK(run::engineering(0, "J") == "0 J");
  CHECK(run::engineering(1.0, "s") == "1.000 s");
  CHECK(run::engineering(0.0012345, "s") == "1.234 ms");
  CHECK(run::engineering(0.00099999, "s") == "1.000 ms");
  CHECK(run::engineering(9.9996e-4, "s") == "1.000 ms");
  CHECK(run::engineering(31.1296e12, "MAC/s") == "31.13 TMAC/s");
  CHECK(run::engineering(-2e-9, "J") == "-2.000 nJ");
  CHECK(run::engineering(2e-15, "J") == "0.002 pJ");
  CHECK(run::duration(131'731'825'997) == "131.7 us");
  CHECK(run::plain(7591.18) == "7,591");
  CHECK(run::plain(64.112) == "64.11");
  CHECK(run::plain(0.5) == "0.500");
}

TEST_CASE("bytes are exact, with a binary unit beside large counts") {
  CHECK(run::byte_count(5) == "5 B");
  CHECK(run::byte_count(1'023) == "1,023 B");
  CHECK(run::byte_count(1'024) == "1,024 B (1.000 KiB)");
  CHECK(run::byte_count(25'682'000) == "25,682,000 B (24.49 MiB)");
}

TEST_CASE("frequencies are not rounded") {
  CHECK(run::frequency(475'000'000) == "475 MHz");
  CHECK(run::frequency(624'750'000) == "624.75 MHz");
  CHECK(run::frequency(1'755'000'000) == "1.755 GHz");
  CHECK(run::frequency(1'333'333'333) == "1.333333333 GHz");
  CHECK(run::frequency(1'000) == "1 kHz");
  CHECK(run::frequency(999) == "999 Hz");
  CHECK(run::frequency(0) == "0 Hz");
}

TEST_CASE("shares of a total add up to all of it") {
  CHECK(run::permille({1, 1, 1}, 3) == std::vector<std::int64_t>{334, 333, 333});
  CHECK(run::permille({2, 1}, 3) == std::vector<std::int64_t>{667, 333});
  CHECK(run::permille({5}, 0) == std::vector<std::int64_t>{0});
  CHECK(run::permille({}, 7).empty());
  CHECK(run::permille({25, 25}, 100) == std::vector<std::int64_t>{250, 250});
  std::mt19937_64 random(3);
  for (int i = 0; i < 1'000; ++i) {
    std::vector<std::int64_t> parts(1 + random() % 30);
    for (std::int64_t& part : parts) part = static_cast<std::int64_t>(random() % 1'000'000'000'000);
    const std::int64_t total = std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
    const std::vector<std::int64_t> shares = run::permille(parts, total);
    CHECK(std::accumulate(shares.begin(), shares.end(), std::int64_t{0}) == 1000);
  }
  CHECK(run::percent(1000) == "100.0 %");
  CHECK(run::percent(7) == "0.7 %");
  CHECK(run::tenths_of_percent(1, 3) == 333);
  CHECK(run::tenths_of_percent(2, 3) == 667);
  CHECK(run::tenths_of_percent(1, 0) == 0);
}

TEST_CASE("columns are aligned, with UTF-8 counted as shown") {
  run::TextTable table("<>");
  table.row({"name", "n"});
  table.row({"caf\xc3\xa9", "10"});
  table.row({"longer", "7"});
  CHECK(table.text(" ") == " name     n\n caf\xc3\xa9    10\n longer   7\n");
}

TEST_CASE("CSV cells are quoted when they must be") {
  CHECK(run::csv_cell("plain") == "plain");
  CHECK(run::csv_cell("a,b") == "\"a,b\"");
  CHECK(run::csv_cell("a\"b") == "\"a\"\"b\"");
  CHECK(run::csv_cell("a\nb") == "\"a\nb\"");
}

TEST_CASE("only a close word is suggested") {
  CHECK(suggestion("kpu-t65", {"hailo-8", "kpu-t64"}) == " (did you mean 'kpu-t64'?)");
  CHECK(suggestion("rnu", {"list", "run"}) == " (did you mean 'run'?)");
  CHECK(suggestion("exlpain", {"list", "explain"}) == " (did you mean 'explain'?)");
  CHECK(suggestion("whatever", {"list", "run"}).empty());
  CHECK(suggestion("", {"list"}).empty());
  CHECK(suggestion("list", {}).empty());
}

TEST_CASE("messages stay on one line") { CHECK(run::one_line("a\nb\tc\x7f") == "a?b?c?"); }

TEST_CASE("the version is that of CMakeLists.txt") {
  std::ifstream stream(CYCLESCOPE_SOURCE_DIR "/CMakeLists.txt");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  CHECK(text.find("project(cyclescope VERSION " + std::string(run::kVersion) + " ") != std::string::npos);
}
