#include "sim/run/child_pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "sim/base/error.h"

namespace cyclescope::run {
namespace {

constexpr std::array<int, 3> kFatal{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t caught = 0;

void remember(int signal) { caught = signal; }

[[noreturn]] void system_fault(const char* what) {
  throw InputError(fmt::format("cannot {} for a child process: {}", what, std::strerror(errno)));
}

/// Holds the signals that would end this process back, except while it waits, and remembers the one that came.
class SignalGuard {
 public:
  SignalGuard() {
    caught = 0;
    sigset_t fatal;
    sigemptyset(&fatal);
    for (const int signal : kFatal) sigaddset(&fatal, signal);
    sigprocmask(SIG_BLOCK, &fatal, &mask_);
    for (std::size_t i = 0; i < kFatal.size(); ++i) {
      struct sigaction wanted {};
      sigaction(kFatal[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) continue;  // nohup stays nohup
      wanted.sa_handler = remember;
      sigaction(kFatal[i], &wanted, nullptr);
    }
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  ~SignalGuard() { restore(); }

  /// The mask outside of the guard: of children, and while waiting.
  [[nodiscard]] const sigset_t& open_mask() const { return mask_; }
  void restore() {
    for (std::size_t i = 0; i < kFatal.size(); ++i) sigaction(kFatal[i], &before_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  sigset_t mask_{};
  std::array<struct sigaction, kFatal.size()> before_{};
};

/// Everything, or nothing when the parent no longer reads.
void send(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// What a child does. The exit code tells whether the bytes are a result or a message.
[[noreturn]] void be_child(const ChildWork& work, std::size_t item, int descriptor, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  int code = 0;
  std::string bytes;
  try {
    bytes = work(item);
  } catch (const Error& error) {
    code = error.exit_code();
    bytes = error.what();
  } catch (const std::exception& error) {
    code = 1;
    bytes = error.what();
  }
  send(descriptor, bytes);
  _exit(code);
}

/// The children that run; those left when it goes out of scope are killed.
class Children {
 public:
  explicit Children(const SignalGuard& signals) : signals_(signals) {}
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children() {
    for (const Child& child : running_) kill(child.pid, SIGKILL);
    while (!running_.empty()) end(running_.size() - 1);
  }

  [[nodiscard]] std::size_t count() const { return running_.size(); }
  void start(const ChildWork& work, std::size_t item);
  /// Waits until a child has said something or ended, and reads it. Nothing when a signal came instead.
  void wait(std::vector<ChildOutcome>& outcomes);

 private:
  struct Child {
    pid_t pid = 0;
    int descriptor = -1;
    std::size_t item = 0;
    std::string bytes;
  };

  /// True at the end of what the child says.
  static bool receive(Child& child);
  ChildOutcome end(std::size_t position);

  const SignalGuard& signals_;
  std::vector<Child> running_;
};

void Children::start(const ChildWork& work, std::size_t item) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) system_fault("make a pipe");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    system_fault("fork");
  }
  if (pid == 0) {
    for (const int signal : kFatal) std::signal(signal, SIG_DFL);
    sigprocmask(SIG_SETMASK, &signals_.open_mask(), nullptr);
    close(ends[0]);
    for (const Child& sibling : running_) close(sibling.descriptor);
    be_child(work, item, ends[1], parent);
  }
  close(ends[1]);
  running_.push_back({pid, ends[0], item, {}});
}

bool Children::receive(Child& child) {
  std::array<char, 65536> buffer;
  const ssize_t got = read(child.descriptor, buffer.data(), buffer.size());
  if (got < 0) return errno != EINTR;
  child.bytes.append(buffer.data(), static_cast<std::size_t>(got));
  return got == 0;
}

ChildOutcome Children::end(std::size_t position) {
  Child child = std::move(running_[position]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(position));
  close(child.descriptor);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0) {
    if (errno != EINTR) return {1, "the child process is lost"};
  }
  if (WIFEXITED(status)) return {WEXITSTATUS(status), std::move(child.bytes)};
  return {1, fmt::format("the child process ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))};
}

void Children::wait(std::vector<ChildOutcome>& outcomes) {
  std::vector<pollfd> polled;
  for (const Child& child : running_) polled.push_back({child.descriptor, POLLIN, 0});
  if (ppoll(polled.data(), polled.size(), nullptr, &signals_.open_mask()) < 0) {
    if (errno == EINTR) return;
    system_fault("wait");
  }
  for (std::size_t i = polled.size(); i > 0; --i) {
    if (polled[i - 1].revents == 0 || !receive(running_[i - 1])) continue;
    const std::size_t item = running_[i - 1].item;
    outcomes[item] = end(i - 1);
  }
}

}  // namespace

std::vector<ChildOutcome> run_children(std::size_t items, std::size_t workers, const ChildWork& work,
                                       const ChildProgress& progress) {
  std::vector<ChildOutcome> outcomes(items);
  SignalGuard signals;
  {
    Children children(signals);
    std::size_t next = 0;
    while (caught == 0 && (next < items || children.count() > 0)) {
      while (next < items && children.count() < std::max<std::size_t>(workers, 1)) children.start(work, next++);
      const std::size_t before = children.count();
      children.wait(outcomes);
      if (progress && children.count() < before) progress(next - children.count());
    }
  }
  if (caught != 0) {
    signals.restore();
    std::raise(caught);
  }
  return outcomes;
}

std::size_t processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
}

}  // namespace cyclescope::run
