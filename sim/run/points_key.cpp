#include "sim/run/points_key.h"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

#include "sim/results/atomic_file.h"
#include "sim/run/directories.h"
#include "sim/run/platforms.h"
#include "traces/reader.h"

namespace cyclescope::run {
namespace {

/// A line per ingredient; lengths keep values apart whatever they hold.
void add(std::string& text, const std::string& name, const std::string& value) {
  text += fmt::format("{} {}:{}\n", name, value.size(), value);
}

std::string describe(const machine::RunOptions& options) {
  return fmt::format("precision={} state={} batch={} strict={} ledgers={} faults={},{},{}", name(options.precision),
                     options.initial_state, options.batch, options.strict_precision, options.ledgers,
                     options.faults.ledger.drop_posting, options.faults.drop_byte_of_packet,
                     options.faults.lost_result_slots);
}

}  // namespace

std::string sha1(const std::string& bytes) {
  boost::uuids::detail::sha1 hash;
  hash.process_bytes(bytes.data(), bytes.size());
  boost::uuids::detail::sha1::digest_type digest;
  hash.get_digest(digest);
  std::string text;
  for (const unsigned int word : digest) text += fmt::format("{:08x}", word);
  return text;
}

std::string PointKeys::of(const PointSpec& spec) {
  const Platform platform = load_platform(spec.platform, spec.sets, spec.options.precision, spec.typed);
  const std::string path = traces::resolve_model(spec.model, library_directory());
  std::string& trace = traces_[path];
  if (trace.empty()) trace = sha1(results::read_file(path));
  std::string text;
  add(text, "sources", sources_);
  add(text, "trace", trace);
  add(text, "family", platform.family->name());
  add(text, "platform", platform.name);
  add(text, "options", describe(spec.options));
  for (const auto& [key, setting] : platform.settings.all()) {
    add(text, key, setting.text);
    if (setting.set_where == "--set") add(text, key, "--set");
  }
  return sha1(text);
}

std::string point_key(const PointSpec& spec) { return PointKeys().of(spec); }

}  // namespace cyclescope::run
