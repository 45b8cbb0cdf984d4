// The program: picks the command, turns errors into one line and an exit code.
#pragma once

namespace cyclescope::run {

/// 0 fine, 1 internal fault, 2 bad input or environment, 3 not modelled or does not fit, 4 a check failed. Ends the
/// process by SIGPIPE when the reader of standard output has gone.
int program(int argc, const char* const* argv);

}  // namespace cyclescope::run
