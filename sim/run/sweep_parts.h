// The steps of a sweep that its launchers share.
#pragma once

#include <string>
#include <vector>

#include "sim/run/points.h"
#include "sim/run/sweep_spec.h"
#include "sim/run/views.h"

namespace cyclescope::run {

struct Sweep {
  std::string directory;
  SweepSpec spec;
  std::vector<PointSpec> points;  ///< expand(spec)
  std::vector<std::string> keys;  ///< of the points
};

/// Checks every point, makes the directory and writes DIR/spec.json. Throws InputError when a point has a wrong platform,
/// model or setting (nothing is written then), or when the directory is that of another sweep, telling what differs.
Sweep begin_sweep(const SweepSpec& spec, const std::string& directory);

/// The sweep that DIR/spec.json describes. Throws InputError.
Sweep load_sweep(const std::string& directory);

/// Writes DIR/sweep.csv and DIR/sweep.json and prints. Throws CheckFailed when a point failed.
void finish(const Sweep& sweep, const std::vector<PointOutcome>& outcomes, Format format);

/// As finish, with the points that are there. Throws CheckFailed naming those that are not; the tables are not written
/// then.
void merge(const Sweep& sweep, Format format);

/// Simulates a share of the points, written `I/N`. Points that fail are recorded for the merge; throws CheckFailed only
/// when one leaves no record.
void work(const Sweep& sweep, const std::string& share, std::size_t jobs);

}  // namespace cyclescope::run
