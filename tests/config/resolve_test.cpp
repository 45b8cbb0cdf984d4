// Where a value comes from: files, base files, --set, defaults.
#include <optional>

#include "sim/config/show.h"
#include "tests/config/support.h"

namespace cyclescope::config::test {
namespace {

TEST_CASE("a file sets values with confidence, source and place") {
  const Directory directory;
  const std::string file = directory.write("machine.ini",
                                           "# a comment line\n"
                                           "clock = 475 MHz | published | catalog, 6 W profile  # a comment\n"
                                           "description = two words | assumed | us\n"
                                           "\n"
                                           "[memory]\r\n"
                                           "latency = 2.5 ns | datasheet | table 7\r\n"
                                           "refresh = all_bank | derived | from the standard\n"
                                           "ideal = on | assumed | test\n");
  const Settings settings = resolve(full_schema(), file, {});
  CHECK(settings.integer("clock") == 475'000'000);
  const Setting& clock = settings.at("clock");
  CHECK(clock.text == "475 MHz");
  CHECK(clock.confidence == "published");
  CHECK(clock.source == "catalog, 6 W profile");
  CHECK(clock.set_where == "machine.ini:2");
  CHECK(settings.text("description") == "two words");
  CHECK(settings.integer("memory.latency") == 2'500'000);
  CHECK(settings.at("memory.latency").set_where == "machine.ini:6");
  CHECK(settings.integer("memory.refresh") == 2);
  CHECK(settings.text("memory.refresh") == "all_bank");
  CHECK(settings.flag("memory.ideal"));
}

TEST_CASE("a default is assumed and says why") {
  const Directory directory;
  const Settings settings = resolve(full_schema(), directory.write("m.ini", "clock = 1 GHz | derived | x\n"), {});
  const Setting& rows = settings.at("array.rows");
  CHECK(rows.integer == 16);
  CHECK(rows.confidence == "assumed");
  CHECK(rows.source == "reason of the default");
  CHECK(rows.set_where == "default");
  CHECK(settings.all().size() == full_schema().declarations().size());
}

TEST_CASE("later base files, then the file itself, then later --set win") {
  const Directory directory;
  directory.write("parts/memory.ini",
                  "memory.latency = 1 ns | derived | first\n"
                  "memory.size = 1 MiB | derived | first\n"
                  "array.rows = 8 PE | derived | first\n"
                  "array.pipe = 1 cycles | derived | first\n");
  directory.write("parts/fast.ini",
                  "memory.size = 2 MiB | derived | second\n"
                  "array.rows = 9 PE | derived | second\n"
                  "array.pipe = 2 cycles | derived | second\n");
  const std::string file = directory.write("top.ini",
                                           "base = parts/memory.ini parts/fast.ini\n"
                                           "clock = 1 GHz | derived | top\n"
                                           "array.rows = 10 PE | derived | top\n"
                                           "array.pipe = 3 cycles | derived | top\n");
  const Settings settings = resolve(full_schema(), file, {"array.pipe=4 cycles", " array.pipe = 5 cycles "});
  CHECK(settings.integer("memory.latency") == 1'000'000);
  CHECK(settings.at("memory.latency").set_where == "parts/memory.ini:1");
  CHECK(settings.integer("memory.size") == 2'097'152);
  CHECK(settings.at("memory.size").set_where == "parts/fast.ini:1");
  CHECK(settings.integer("array.rows") == 10);
  CHECK(settings.at("array.rows").set_where == "top.ini:3");
  CHECK(settings.integer("array.pipe") == 5);
  CHECK(settings.at("array.pipe").set_where == "--set");
  CHECK(settings.at("array.pipe").confidence == "assumed");
  CHECK(settings.at("array.pipe").source == "command line");
}

TEST_CASE("a base file has base files of its own, and one file may be reached twice") {
  const Directory directory;
  directory.write("root.ini", "clock = 1 GHz | derived | root\n");
  directory.write("left.ini", "base = root.ini\n");
  directory.write("right.ini", "base = root.ini\n");
  const std::string file = directory.write("top.ini", "base = left.ini right.ini\n");
  CHECK(resolve(full_schema(), file, {}).at("clock").set_where == "root.ini:1");
}

TEST_CASE("an override takes the declared unit when none is given") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\n");
  const Settings settings =
      resolve(full_schema(), file, {"clock=500", "array.rows=32", "memory.size=2MiB", "array.copies=2"});
  CHECK(settings.integer("clock") == 500'000'000);
  CHECK(settings.text("clock") == "500 MHz");
  CHECK(settings.integer("array.rows") == 32);
  CHECK(settings.text("array.rows") == "32 PE");
  CHECK(settings.text("memory.size") == "2 MiB");
  CHECK(settings.text("array.copies") == "2");
}

TEST_CASE("settings outlive the schema they were resolved with, copies too") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\n");
  std::optional<Settings> copy;
  {
    const Schema schema = full_schema();
    const Settings settings = resolve(schema, file, {});
    copy = settings;
  }
  CHECK(copy->at("array.rows").declaration->unit == "PE");
  CHECK(copy->integer("clock") == 1'000'000'000);
}

TEST_CASE("asking for what was not declared, or as another kind, is an internal error") {
  const Directory directory;
  const Settings settings = resolve(full_schema(), directory.write("m.ini", "clock = 1 GHz | derived | x\n"), {});
  CHECK_THROWS_AS(settings.integer("clocks"), InternalError);
  CHECK_THROWS_AS(settings.flag("clock"), InternalError);
  CHECK_THROWS_AS(settings.integer("description"), InternalError);
}

TEST_CASE("a wrong declaration is an internal error") {
  Schema schema;
  schema.add(number("a.b", Quantity::time, "ns", 0, 10));
  CHECK_THROWS_AS(schema.add(number("a.b", Quantity::time, "ns", 0, 10)), InternalError);
  CHECK_THROWS_AS(schema.add(number("base", Quantity::time, "ns", 0, 10)), InternalError);
  CHECK_THROWS_AS(schema.add(number("a.unit", Quantity::time, "MHz", 0, 10)), InternalError);
  CHECK_THROWS_AS(schema.add(number("a.range", Quantity::time, "ns", 0, 0)), InternalError);
  CHECK_THROWS_AS(schema.add(number("a.order", Quantity::time, "ns", 2, 1)), InternalError);
  CHECK_THROWS_AS(schema.add(optional(number("a.default", Quantity::count, "PE", 0, 9), "10 PE")), InternalError);
  CHECK_THROWS_AS(schema.add(optional(number("a.no_unit", Quantity::count, "PE", 0, 9), "1")), InternalError);
  Declaration no_reason = number("a.reason", Quantity::count, "PE", 0, 9);
  no_reason.default_value = "1 PE";
  CHECK_THROWS_AS(schema.add(no_reason), InternalError);
  Declaration no_choices;
  no_choices.key = "a.choice";
  no_choices.quantity = Quantity::choice;
  CHECK_THROWS_AS(schema.add(no_choices), InternalError);
}

TEST_CASE("show prints every setting in aligned columns by section") {
  Schema schema;
  schema.add(number("clock", Quantity::frequency, "MHz", 1, 1'000'000'000));
  schema.add(optional(number("array.rows", Quantity::count, "PE", 1, 1024), "16 PE"));
  schema.add(optional(number("array.x", Quantity::count, "", 1, 1024), "2"));
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 475 MHz | published | catalog µ\n");
  CHECK(show(resolve(schema, file, {"array.x=3"})) ==
        "key         value    confidence  set where  source\n"
        "\n"
        "clock       475 MHz  published   m.ini:1    catalog µ\n"
        "\n"
        "array.rows  16 PE    assumed     default    reason of the default\n"
        "array.x     3        assumed     --set      command line\n");
}

TEST_CASE("show lists the words that a setting may have, below the table") {
  Schema schema;
  Declaration choice;
  choice.key = "array.model";
  choice.quantity = Quantity::choice;
  choice.choices = {"event", "register"};
  Declaration flag;
  flag.key = "sim.log";
  flag.quantity = Quantity::flag;
  schema.add(choice).add(flag);
  const Directory directory;
  const std::string file = directory.write("m.ini", "array.model = event | derived | x\nsim.log = on | derived | x\n");
  const std::string text = show(resolve(schema, file, {}));
  CHECK(text.substr(text.find("\nallowed words\n")) ==
        "\nallowed words\n"
        "array.model  one of event register\n"
        "sim.log      on or off\n");
}

TEST_CASE("an error names an override as the user typed it") {
  const Directory directory;
  const std::string file = directory.write("m.ini", "clock = 1 GHz | derived | x\n");
  CHECK_THROWS_WITH(resolve(full_schema(), file, {"array.rows=0"}, {}, {{"array.rows=0", "--rows 0"}}),
                    Catch::StartsWith("--rows 0: "));
  CHECK_THROWS_WITH(resolve(full_schema(), file, {"array.rows=0"}), Catch::StartsWith("--set array.rows=0: "));
}

}  // namespace
}  // namespace cyclescope::config::test
