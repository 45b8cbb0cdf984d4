// What a sweep is asked for: lists whose cross product are its points. On the command line, or as a JSON file.
//
//   {"schema": "cyclescope-sweep-1",
//    "platform": ["kpu-t64"], "model": ["resnet50"], "precision": ["int8"], "state": ["steady", "cold"], "batch": [1],
//    "strict_precision": false, "set": ["sim.ideal=operands"],
//    "axis": {"mesh.flit": ["16 B", "32 B"]}}
//
// Only platform and model are required; a list of one may be written without brackets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/run/points.h"

namespace cyclescope::run {

/// A setting and the values it takes in turn.
struct Axis {
  std::string key;
  std::vector<std::string> values;  ///< with unit, as --set takes them
};

struct SweepSpec {
  std::vector<std::string> platforms;
  std::vector<std::string> models;
  std::vector<Precision> precisions{Precision::int8};
  std::vector<std::string> states{"steady"};
  std::vector<std::int64_t> batches{1};
  bool strict_precision = false;
  std::vector<std::string> sets;  ///< of all points
  std::vector<Axis> axes;
};

std::vector<std::string> names_of(const std::vector<Precision>& precisions);

/// Throws InputError.
std::vector<Precision> precisions_of(const std::vector<std::string>& names);

/// `key=v1,v2,v3`; spaces around values do not count. Throws InputError.
Axis parse_axis(const std::string& text);

/// Fields between commas, without spaces around them. Throws InputError naming `what` when one is empty.
std::vector<std::string> comma_list(const std::string& what, const std::string& text);

/// Throws InputError naming the first thing wrong: an empty list, an unknown state, a value that a list holds
/// twice, a key that is an axis twice or also set, too many points.
void check(const SweepSpec& spec);

/// Parses and checks; `source` names the text in errors. Throws InputError.
SweepSpec spec_from_json(const std::string& text, const std::string& source);
std::string spec_to_json(const SweepSpec& spec);

/// What differs first, e.g. `batch is [1] there and [2] here`; empty when nothing does.
std::string difference(const SweepSpec& there, const SweepSpec& here);

/// The points, the last axis fastest.
std::vector<PointSpec> expand(const SweepSpec& spec);

}  // namespace cyclescope::run
