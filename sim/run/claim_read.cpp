#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "sim/base/error.h"
#include "sim/config/ini.h"
#include "sim/run/claim.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 11> kKinds{"scaling",   "ranking",  "target", "energy",   "traffic", "memory",
                                             "precision", "overhead", "rate",   "coverage", "cost"};

/// Throws InputError at a line.
[[noreturn]] void refuse(const config::IniLine& line, const std::string& what) {
  throw InputError(fmt::format("{}:{}: {}: {}", line.file, line.line, line.key, what));
}

estimate::ResultVariant variant_of(const config::IniLine& line) {
  for (const estimate::ResultVariant variant :
       {estimate::ResultVariant::seed, estimate::ResultVariant::committed_pcie}) {
    if (line.value == estimate::name(variant)) return variant;
  }
  refuse(line, fmt::format("'{}': expected seed or committed_pcie", line.value));
}

void take(const config::IniLine& line, const std::string& key, Claim& claim) {
  if (line.value.empty()) refuse(line, "is empty; expected a value");
  if (key == "statement") {
    claim.statement = line.value;
  } else if (key == "source") {
    claim.source = line.value;
  } else if (key == "remark") {
    claim.remark = line.value;
  } else if (key == "not_testable") {
    claim.not_testable = line.value;
  } else if (key == "variant") {
    claim.variant = variant_of(line);
  } else if (key == "kind") {
    if (std::find(kKinds.begin(), kKinds.end(), line.value) == kKinds.end()) {
      refuse(line, fmt::format("'{}': expected one of {}", line.value, fmt::join(kKinds, " ")));
    }
    claim.kind = line.value;
  } else if (key == "check") {
    try {
      claim.tests = parse_check(line.value);
    } catch (const InputError& error) {
      refuse(line, error.what());
    }
    claim.where = fmt::format("{}:{}", line.file, line.line);
  } else {
    refuse(line, "unknown key; expected statement, source, kind, check, not_testable, variant or remark");
  }
}

/// `line` is the first of the claim.
void require_complete(const Claim& claim, const config::IniLine& line) {
  const auto miss = [&](const char* what) {
    throw InputError(fmt::format("{}:{}: claim [{}] has no {}", line.file, line.line, claim.id, what));
  };
  if (claim.statement.empty()) miss("statement");
  if (claim.source.empty()) miss("source");
  if (claim.kind.empty()) miss("kind");
  if (claim.tests.empty() == claim.not_testable.empty())
    miss("check, or both check and not_testable; expected one of them");
}

}  // namespace

std::vector<Claim> read_claims(const std::vector<std::string>& paths) {
  std::vector<Claim> claims;
  for (const std::string& path : paths) {
    const std::size_t first = claims.size();
    std::vector<config::IniLine> heads;  // of the claims of this file
    for (const config::IniLine& line : config::read_ini(path)) {
      const std::size_t dot = line.key.rfind('.');
      if (dot == std::string::npos) refuse(line, "stands before the first [ID]; expected a section per claim");
      const std::string id = line.key.substr(0, dot);
      if (claims.size() == first || claims.back().id != id) {
        if (std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) { return claim.id == id; })) {
          refuse(line, fmt::format("claim [{}] is there already; expected each id once", id));
        }
        claims.emplace_back().id = id;
        heads.push_back(line);
      }
      take(line, line.key.substr(dot + 1), claims.back());
    }
    for (std::size_t i = first; i < claims.size(); ++i) require_complete(claims[i], heads[i - first]);
  }
  return claims;
}

std::vector<std::string> claim_files(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".ini") paths.push_back(entry->path().string());
  }
  if (paths.empty()) throw InputError(fmt::format("{}: no claims there; expected INI files", directory));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace cyclescope::run
