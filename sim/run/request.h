// What `run` and `explain --mapping` are asked for: a platform, a model, and how to run it.
#pragma once

#include <boost/program_options/options_description.hpp>

#include "sim/machine/family.h"
#include "sim/run/options.h"
#include "sim/run/platforms.h"
#include "traces/reader.h"

namespace cyclescope::run {

struct Request {
  Platform platform;
  traces::Trace trace;
  machine::RunOptions options;
};

/// Declares the options of a request.
void add_request_options(boost::program_options::options_description& options);

/// Loads and checks everything a request names. Throws InputError.
Request load_request(const Arguments& arguments);

}  // namespace cyclescope::run
