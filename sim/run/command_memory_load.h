// Offered loads as a user writes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cyclescope::run {

/// `0.5` (share of the peak) or `8GB/s`, `500MB/s` in bytes per second, above 0 and up to the peak. Throws InputError
/// that names the option.
std::int64_t parse_load(const std::string& option, const std::string& text, std::int64_t peak_bytes_per_second);

/// The fields of a list with commas. Throws InputError that names the option when one is empty.
std::vector<std::string> fields(const std::string& option, const std::string& list);

}  // namespace cyclescope::run
