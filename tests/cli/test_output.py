"""Result files and standard output: complete, or an error and nothing."""

import os
import resource
import signal
import subprocess

import pytest
from conftest import BINARY, MODEL, PLATFORM, cyclescope, refuse, succeed

RUN = ("run", "--platform", PLATFORM, "--model", MODEL)


def test_repeated_runs_give_the_same_bytes(result_file, tmp_path):
    again = tmp_path / "again.h5"
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "TZ": "Asia/Tokyo"}
    succeed(*RUN, "--out", again, env=environment, cwd=tmp_path)
    assert again.read_bytes() == result_file.read_bytes()


def test_the_log_beside_holds_what_the_result_must_not(result_file):
    log = (result_file.parent / "run.h5.log").read_text()
    lines = dict(line.split(" ", 1) for line in log.splitlines())
    assert float(lines["wall_seconds"]) >= 0
    assert lines["host"] and lines["started"].endswith("Z")
    assert lines["command"].startswith("cyclescope run --platform")
    assert sorted(path.name for path in result_file.parent.iterdir()) == ["run.h5", "run.h5.log"]
    assert str(result_file.parent).encode() not in result_file.read_bytes()


def test_other_tools_read_the_result(result_file):
    h5py = pytest.importorskip("h5py")
    with h5py.File(result_file) as file:
        assert file.attrs["schema"].decode() == "cyclescope-run-1"
        assert file["critical_path/cycles"][()].sum() == file.attrs["cycles"]
        time = file["lanes/time_fs"][()]
        assert (time.sum(axis=1) == file.attrs["makespan_fs"]).all()
        assert (time[:, list(file["lanes/leaf"][()]).index(b"unknown")] == 0).all()
        assert file["path/from_fs"][0] == 0 and file["path/to_fs"][-1] == file.attrs["makespan_fs"]
        assert (file["path/from_fs"][1:] == file["path/to_fs"][:-1]).all()


@pytest.mark.parametrize("target", ["absent/run.h5", ".", "x" * 300])
def test_an_output_that_cannot_be_written_is_refused_before_simulating(tmp_path, target):
    refuse(*RUN, "--out", tmp_path / target, naming=["cannot write", tmp_path / target])
    # The model is looked up after the output: its error must not be reached.
    done = refuse("run", "--platform", PLATFORM, "--model", "nosuch", "--out", tmp_path / target, naming="cannot write")
    assert "nosuch" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_no_output():
    refuse(*RUN, "--out", "/dev/full", naming="/dev/full")


def test_an_output_in_a_directory_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere")
    refuse(*RUN, "--out", tmp_path / "run.h5", naming="Permission denied")


def test_a_full_disk_leaves_nothing(tmp_path):
    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    refuse(*RUN, "--out", tmp_path / "run.h5", naming=["run.h5", "cannot write"], preexec_fn=limit_files)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_keeps_the_older_result(result_file, tmp_path):
    path = tmp_path / "run.h5"
    path.write_bytes(result_file.read_bytes())
    refuse(*RUN, "--precision", "int4", "--out", path, naming="int4", code=3)
    assert path.read_bytes() == result_file.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.h5"]


@pytest.mark.parametrize("command", [("list",), ("--help",), ("run", "--help"), ("show", PLATFORM)])
def test_a_full_standard_output_is_an_error(command):
    with open("/dev/full", "w") as full:
        refuse(*command, stdout=full, naming="standard output")


def test_a_run_that_cannot_print_leaves_no_result(tmp_path):
    with open("/dev/full", "w") as full:
        refuse(*RUN, "--out", tmp_path / "run.h5", stdout=full, naming="standard output")
    assert list(tmp_path.iterdir()) == []


def test_a_closed_standard_output_is_an_error():
    done = subprocess.run(["/bin/sh", "-c", f"'{BINARY}' list >&-"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "cyclescope: error: standard output is closed; expected it to be open\n"


def test_a_reader_that_has_gone_ends_the_program_without_a_word(result_file, tmp_path):
    fast = ("--platform", PLATFORM, "--model", MODEL, "--set", "sim.ideal=operands")
    commands = [("list",), ("--help",), ("--version",), ("run", "--help"), ("show", PLATFORM), ("run", *fast),
                ("explain", result_file), ("trace", "info", MODEL), ("memory", "--list"),
                ("scaling", *fast, "--tiles", "64", "--state", "steady"), ("sweep", *fast, "--out", tmp_path / "sweep")]
    (tmp_path / "tmp").mkdir()
    for command in commands:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            done = cyclescope(*command, stdout=pipe, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")})
        assert done.returncode == -signal.SIGPIPE, command
        assert "error" not in done.stderr, command
    assert list((tmp_path / "tmp").iterdir()) == []


def test_head_takes_its_lines_and_nothing_is_said():
    script = f"set -o pipefail; '{BINARY}' show {PLATFORM} | head -c 1"
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True)
    assert len(done.stdout) == 1 and done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)  # whoever was faster


def test_closed_standard_error_and_input_do_no_harm(tmp_path):
    command = f"'{BINARY}' run --platform {PLATFORM} --model {MODEL} --out '{tmp_path}/run.h5' <&- 2>&-"
    done = subprocess.run(["/bin/sh", "-c", command], stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert cyclescope("explain", tmp_path / "run.h5").returncode == 0
