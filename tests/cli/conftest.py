"""Drives the program as a user does. The binary is CYCLESCOPE_BINARY, else build/release/cyclescope."""

import functools
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CYCLESCOPE_BINARY", ROOT / "build" / "release" / "cyclescope"))
PLATFORM = "kpu-t64"
MODEL = "resnet50"
LIBRARY = ROOT / "traces" / "library"


def cyclescope(*args, **options):
    """Runs the program; everything it says is captured."""
    assert BINARY.is_file(), f"{BINARY} is missing: build the program first"
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(
        [str(BINARY), *map(str, args)], stderr=subprocess.PIPE, text=True, errors="replace", timeout=300, **options
    )


def succeed(*args, **options):
    """What the program prints when it must succeed without a word on stderr."""
    done = cyclescope(*args, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refuse(*args, naming, code=2, **options):
    """The program must fail with `code` and say why in exactly one line that contains each of `naming`."""
    done = cyclescope(*args, **options)
    assert done.returncode == code, done
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    assert done.stderr.startswith("cyclescope: error: "), done.stderr
    for word in naming if isinstance(naming, (list, tuple)) else [naming]:
        assert str(word) in done.stderr, done.stderr
    return done


@functools.lru_cache(maxsize=None)
def run_json(*args):
    """The text that a run of the default platform and model prints as JSON; simulated once."""
    return succeed("run", "--platform", PLATFORM, "--model", MODEL, *args, "--format", "json")


@pytest.fixture(scope="session")
def result_file(tmp_path_factory):
    """A result of the default run."""
    path = tmp_path_factory.mktemp("result") / "run.h5"
    succeed("run", "--platform", PLATFORM, "--model", MODEL, "--out", path)
    return path
