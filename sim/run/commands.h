// The commands of the program, one file each. They throw Error; the exit code is that of the error, else 0.
#pragma once

#include <string>
#include <vector>

namespace cyclescope::run {

void list_command(const std::vector<std::string>& args);
void show_command(const std::vector<std::string>& args);
void run_command(const std::vector<std::string>& args);
void explain_command(const std::vector<std::string>& args);
void check_command(const std::vector<std::string>& args);
void trace_command(const std::vector<std::string>& args);
void sweep_command(const std::vector<std::string>& args);
void memory_command(const std::vector<std::string>& args);
void scaling_command(const std::vector<std::string>& args);
void matrix_command(const std::vector<std::string>& args);
void claims_command(const std::vector<std::string>& args);
void validate_command(const std::vector<std::string>& args);

}  // namespace cyclescope::run
