// Many simulations: each point in a child process and in a file of its own, named after the hash of what decides it.
//
// DIRECTORY/points/KEY.h5 is the result of a point, KEY.h5.log its host and wall time; KEY.json says how a point failed
// that will fail alike every time. Each appears complete or not at all, so that whatever was interrupted is done again
// and the rest is not. Bytes depend neither on the number of workers nor on interruptions.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sim/machine/family.h"

namespace cyclescope::run {

/// What to simulate, in the words of the command line.
struct PointSpec {
  std::string platform;           ///< name, or an INI file
  std::string model;              ///< name, or a trace file
  std::vector<std::string> sets;  ///< `key=VALUE UNIT`, as --set takes them
  machine::RunOptions options;
  std::string label;                           ///< what progress and messages call it; decides nothing
  std::map<std::string, std::string> typed{};  ///< a set -> what the user typed, where it was no --set; for errors
};

struct PointOptions {
  std::string directory;    ///< created when missing
  std::size_t workers = 0;  ///< points at once; 0: processors()
  bool progress = true;     ///< on standard error
};

/// How a point ended.
struct PointOutcome {
  int exit_code = 0;    ///< as `run` would have ended
  std::string message;  ///< of a failure
  std::string file;     ///< path of the result, empty after a failure
  bool reused = false;  ///< nothing was simulated: the outcome was there already
};

/// 40 hexadecimal digits (SHA-1) of everything that decides the bytes of a result: content of the trace, resolved
/// settings and which of them --set changed, name of the platform, options, sources of the program. Paths, host, time
/// and compiler do not matter.
/// Throws InputError when platform, settings or model are wrong.
std::string point_key(const PointSpec& spec);

/// Simulates what is not there yet; equal points once. Outcomes are in the order of the points. A point that fails (bad
/// input, not modelled, broken law, crash) does not stop the others. Throws InputError when the directory is unusable.
std::vector<PointOutcome> run_points(const std::vector<PointSpec>& specs, const PointOptions& options);

/// What is there of the points, without simulating: points that are missing have exit code -1.
std::vector<PointOutcome> read_points(const std::vector<PointSpec>& specs, const std::string& directory);

}  // namespace cyclescope::run
