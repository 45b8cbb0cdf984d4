// Where the data of the program is: platforms and the library of traces.
#pragma once

#include <string>

namespace cyclescope::run {

/// The directory that holds `configs` and `traces`: CYCLESCOPE_ROOT, else where the program was compiled, else two
/// levels above the executable (build/release). Throws InputError when none has them.
std::string root_directory();

std::string platform_directory();
std::string estimator_directory();
std::string claims_directory();
std::string measured_directory();
std::string library_directory();

/// The file that says which machine family each system of the matrix needs.
std::string matrix_file();

}  // namespace cyclescope::run
