#include "sim/run/points_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "sim/results/atomic_file.h"
#include "sim/results/result.h"

namespace cyclescope::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "cyclescope-point-1";

}  // namespace

PointStore::PointStore(const std::string& directory) : directory_((fs::path(directory) / "points").string()) {}

PointStore::~PointStore() {
  if (lock_ >= 0) close(lock_);
}

void PointStore::open() {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (!fs::is_directory(directory_)) {
    throw InputError(fmt::format("cannot make directory '{}': {}; expected a place to write to", directory_,
                                 error ? error.message() : "it is a file"));
  }
  lock_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) return;
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) clear_temporaries();
  flock(lock_, LOCK_SH);  // fails at once where locks do not exist; what was left stays there
}

void PointStore::clear_temporaries() const {
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path name = entry->path().filename();
    if (name.string().front() == '.' && name.extension() == ".tmp") left.push_back(entry->path());
  }
  for (const fs::path& path : left) fs::remove(path, error);
}

std::string PointStore::result_path(const std::string& key) const { return directory_ + "/" + key + ".h5"; }

std::string PointStore::failure_path(const std::string& key) const { return directory_ + "/" + key + ".json"; }

std::optional<PointOutcome> PointStore::find(const std::string& key) const {
  if (access(result_path(key).c_str(), F_OK) == 0) {
    try {
      static_cast<void>(results::read(result_path(key)));
      return PointOutcome{0, "", result_path(key), true};
    } catch (const InputError&) {  // damaged: as if it were not there
    }
  }
  if (access(failure_path(key).c_str(), F_OK) == 0) {
    try {
      const Json json = Json::parse(results::read_file(failure_path(key)));
      if (json.at("schema") == kSchema) return PointOutcome{json.at("exit_code"), json.at("message"), "", true};
    } catch (const std::exception&) {
    }
  }
  return std::nullopt;
}

void PointStore::record(const std::string& key, const Error& error) const {
  const Json json{{"schema", kSchema}, {"exit_code", error.exit_code()}, {"message", error.what()}};
  results::write_file(failure_path(key), json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace cyclescope::run
