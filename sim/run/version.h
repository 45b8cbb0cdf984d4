// The version that results carry, which a test holds against CMakeLists.txt, and what tells builds apart.
#pragma once

namespace cyclescope::run {

constexpr const char* kVersion = "0.1.0";

/// 64 hexadecimal digits (SHA-256) of the paths and contents of the sources this program was built from; a file that
/// the build writes has it (source_hash.cmake). Results do not carry it.
const char* source_hash();

}  // namespace cyclescope::run
