#include "sim/run/request.h"

#include <boost/program_options/value_semantic.hpp>

#include "sim/base/error.h"
#include "sim/run/directories.h"

namespace cyclescope::run {
namespace {

namespace po = boost::program_options;

po::typed_value<std::string>* text(const char* name) { return po::value<std::string>()->value_name(name); }

const std::string& required(const Arguments& arguments, const std::string& option, const std::string& expected) {
  if (!arguments.has(option)) throw InputError("--" + option + " is missing: expected " + expected);
  return arguments.text(option);
}

}  // namespace

void add_request_options(po::options_description& options) {
  options.add_options()("platform,p", text("NAME"), "platform, as listed by cyclescope list, or an INI file");
  options.add_options()("model,m", text("NAME"), "model of the library, or a trace file");
  options.add_options()("precision", text("P")->default_value("int8"), "int4, int8, bf16, fp16 or fp32");
  options.add_options()("state", text("S")->default_value("steady"), "initial state: steady or cold");
  options.add_options()("batch", text("N")->default_value("1"), "frames of one inference");
  options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                        "override a setting of the platform; may be repeated");
  options.add_options()("strict-precision", po::bool_switch(),
                        "refuse operators that do not run natively at the precision");
}

Request load_request(const Arguments& arguments) {
  constexpr std::int64_t kLargestBatch = 1'000'000;
  machine::RunOptions options;
  options.precision = parse_precision(arguments.text("precision"));
  options.initial_state = arguments.text("state");
  if (options.initial_state != "steady" && options.initial_state != "cold") {
    throw InputError("unknown initial state '" + options.initial_state + "': expected steady or cold");
  }
  options.batch = arguments.integer("batch", 1, kLargestBatch);
  options.strict_precision = arguments.options["strict-precision"].as<bool>();
  const std::string& platform = required(arguments, "platform", "a name that cyclescope list shows, or an INI file");
  const std::string& model = required(arguments, "model", "a name that cyclescope list shows, or a trace file");
  return {load_platform(platform, arguments.list("set"), options.precision),
          traces::read(traces::resolve_model(model, library_directory())), options};
}

}  // namespace cyclescope::run
