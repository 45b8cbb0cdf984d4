// Errors a user sees, by exit code (0 fine, 1 internal fault, 2 bad input or environment, 3 not modelled or does not
// fit, 4 ran but a point or check failed). Messages are one line: what, where (file, object or key), what was expected.
#pragma once

#include <stdexcept>
#include <string>

namespace cyclescope {

/// Base of every error thrown on purpose; carries the exit code of the process.
class Error : public std::runtime_error {
 public:
  Error(int exit_code, const std::string& message) : std::runtime_error(message), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

/// A fault of the program itself: a broken invariant. Exit 1.
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& message) : Error(1, message) {}
};

/// Bad input or environment: file, key, value, unit. Exit 2.
class InputError : public Error {
 public:
  explicit InputError(const std::string& message) : Error(2, message) {}
};

/// Valid input that this simulator does not model, or that does not fit the machine. Exit 3.
class NotModelled : public Error {
 public:
  explicit NotModelled(const std::string& message) : Error(3, message) {}
};

/// The run finished but a check of its result failed. Exit 4.
class CheckFailed : public Error {
 public:
  explicit CheckFailed(const std::string& message) : Error(4, message) {}
};

}  // namespace cyclescope
