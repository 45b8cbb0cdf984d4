// The version that results carry; a test holds it against CMakeLists.txt.
#pragma once

namespace cyclescope::run {

constexpr const char* kVersion = "0.1.0";

}  // namespace cyclescope::run
