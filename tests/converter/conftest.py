"""Makes the converter importable and offers its command line to the tests."""
import os
import sys
from dataclasses import dataclass
from typing import Any, Callable, Optional

import onnx
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from trace_file import TraceFile  # noqa: E402  (needs the path above)


@dataclass
class Outcome:
    """What one run of the command left."""

    code: int
    error: str
    trace: Optional[TraceFile]


@pytest.fixture
def library() -> str:
    """Directory of the committed traces."""
    return os.path.join(ROOT, "traces", "library")


@pytest.fixture
def run(tmp_path: Any, capsys: Any) -> Callable[..., Outcome]:
    """Runs the command on a model in memory or on given arguments; a failure must leave one line and no file."""
    from converter.cli import main

    def run_command(model: Any, *arguments: str) -> Outcome:
        path, out = tmp_path / "model.onnx", tmp_path / "trace.h5"
        if isinstance(model, onnx.ModelProto):
            model = model.SerializeToString()
        if isinstance(model, bytes):
            path.write_bytes(model)
            model = str(path)
        before = set(os.listdir(tmp_path)) - {out.name}
        out.unlink(missing_ok=True)
        code = main([model, "--out", str(out), *arguments])
        error = capsys.readouterr().err
        if code == 0:
            assert error == "" and set(os.listdir(tmp_path)) == before | {out.name}
            return Outcome(code, error, TraceFile(str(out)).verify())
        assert error.startswith("error: ") and error.count("\n") == 1 and error.endswith("\n")
        assert set(os.listdir(tmp_path)) == before
        return Outcome(code, error, None)
    return run_command
