// Which of the known words a mistyped one was meant to be.
#pragma once

#include <string>
#include <vector>

namespace cyclescope {

/// ` (did you mean 'kpu-t64'?)` when one of `known` is close to `word`, else nothing.
std::string suggestion(const std::string& word, const std::vector<std::string>& known);

}  // namespace cyclescope
