// Reads a trace file (traces/SCHEMA.md) and verifies everything it reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace cyclescope::traces {

/// A verified trace: the graph and what the file says about itself.
struct Trace {
  workloads::Graph graph;
  std::int64_t schema_version = 0;
  std::string tool_versions;  ///< JSON object, tool name to version
  std::int64_t total_macs = 0;
  std::int64_t total_parameters = 0;
  std::int64_t content_crc32 = 0;
};

/// Opens, reads, checks (format, version, types, extents, checksums, graph, totals). Throws InputError naming the file,
/// the object and what was expected.
Trace read(const std::string& path);

/// `model` is a path to a trace file, or the name of one in the library directory. Throws InputError that lists the
/// library when neither exists.
std::string resolve_model(const std::string& model, const std::string& library_directory);

/// Names in the library directory, sorted.
std::vector<std::string> library(const std::string& library_directory);

}  // namespace cyclescope::traces
