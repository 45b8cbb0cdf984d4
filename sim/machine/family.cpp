#include "sim/machine/family.h"

#include <algorithm>

#include "sim/base/error.h"

namespace cyclescope::machine {
namespace {

template <class T>
const T& value_of(const MappingRow& row, const std::string& name) {
  const auto field = std::find_if(row.fields.begin(), row.fields.end(),
                                  [&](const MappingRow::Field& candidate) { return candidate.name == name; });
  const T* value = field == row.fields.end() ? nullptr : std::get_if<T>(&field->value);
  if (value == nullptr) throw InternalError("a mapping has no such field '" + name + "'");
  return *value;
}

}  // namespace

std::int64_t MappingRow::integer(const std::string& field) const { return value_of<std::int64_t>(*this, field); }

const std::string& MappingRow::text(const std::string& field) const { return value_of<std::string>(*this, field); }

MeshSize Family::mesh_size(const config::Settings& /*settings*/) const { return {}; }

ServedFrames Family::serve(const workloads::Graph& /*graph*/, const config::Settings& /*settings*/,
                           const RunOptions& /*options*/, const std::vector<Femtoseconds>& /*arrivals*/) const {
  throw NotModelled("streams of frames are not modelled yet on family " + name());
}

}  // namespace cyclescope::machine
