"""Runs the conversion in a child process, because onnx and torch can crash instead of raising on a malformed model."""
import os
import signal
import sys
from typing import Callable, List

CRASHED = 2


def guarded(command: Callable[[List[str]], int], arguments: List[str]) -> int:
    """Exit code of `command`; a child that dies by a signal counts as bad input and prints one line."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = command(arguments)
        except KeyboardInterrupt:
            code = 128 + signal.SIGINT
        except SystemExit as request:
            code = int(request.code or 0)
        except BaseException:  # an internal fault keeps its traceback, and the child must not return to the caller
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGINT, previous)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        print(f"error: a library stopped with {name}, reading the model, expected a valid model and enough memory",
              file=sys.stderr)
        return CRASHED
    return os.WEXITSTATUS(status)
