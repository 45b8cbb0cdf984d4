#include "sim/run/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

bool is_open(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

}  // namespace

void claim_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // open takes the lowest free number: standard input first, so that each lands in its own place.
  if (!is_open(STDIN_FILENO)) static_cast<void>(open("/dev/null", O_RDONLY));
  const bool output_open = is_open(STDOUT_FILENO);
  if (!output_open) static_cast<void>(open("/dev/null", O_WRONLY));
  if (!is_open(STDERR_FILENO)) static_cast<void>(open("/dev/null", O_WRONLY));
  if (!output_open) throw InputError("standard output is closed; expected it to be open");
}

void print(const std::string& text) {
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw ReaderGone();
    if (written < 0) {
      throw InputError("cannot write to standard output: " + std::string(std::strerror(errno)) +
                       "; expected it to take the whole output");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void end_by_broken_pipe() {
  constexpr int kAsShellsSay = 128;
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  _exit(kAsShellsSay + SIGPIPE);  // where the signal is blocked
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, '?');
  return text;
}

}  // namespace cyclescope::run
