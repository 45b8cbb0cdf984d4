"""`cyclescope sweep`: the same bytes for any number of workers and after any interruption, and what is refused."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import BINARY, LIBRARY, MODEL, PLATFORM, ROOT, cyclescope, refuse, run_json, succeed

sys.path.insert(0, str(ROOT / "scripts"))
from converter.hdf5_writer import write_trace  # noqa: E402
from converter.trace import OperatorRow, TensorRow, Trace  # noqa: E402

FAST = ("--platform", PLATFORM, "--model", MODEL, "--set", "sim.ideal=operands")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A trace of one 3x3 convolution, 16 to 16 channels on 8x8: simulated in no time."""
    path = tmp_path_factory.mktemp("trace") / "tiny.h5"
    tensors = [
        TensorRow("image", 0, 0, (1, 16, 8, 8)),
        TensorRow("weight", 0, 1, (16, 16, 3, 3)),
        TensorRow("result", 0, 0, (1, 16, 8, 8)),
    ]
    attributes = '{"dilation":[1,1],"groups":1,"kernel":[3,3],"padding":[1,1,1,1],"stride":[1,1]}'
    macs = 16 * 8 * 8 * 16 * 3 * 3
    operator = OperatorRow("conv", "conv2d", attributes, [0, 1], [2])
    write_trace(Trace("tiny", "a test", "{}", tensors, [operator], [0], [2], macs, 16 * 16 * 3 * 3), str(path))
    return path


def sweep(*args, code=0, **options):
    """Runs a sweep, whose progress goes to stderr; what it prints."""
    done = cyclescope("sweep", *args, **options)
    assert done.returncode == code, done.stderr
    return done


def results_of(directory):
    """Bytes of all files but logs, by their place below `directory`."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".log")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def simulated(directory):
    """Identity of the file of every point that was simulated: a repetition would replace it."""
    files = list((directory / "points").glob("*.h5"))
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_bytes_do_not_depend_on_the_number_of_workers(tiny, tmp_path):
    axes = ("--axis", "mesh.flit=16 B, 32 B", "--axis", "memory.ideal=on,off", "--state", "steady,cold")
    for jobs in ("1", "2", "4"):
        args = ("--platform", PLATFORM, "--model", tiny, "--precision", "int8,int4", *axes, "--out", tmp_path / jobs, "--jobs", jobs)
        text = sweep(*args, "--format", "csv").stdout
        assert text == (tmp_path / jobs / "sweep.csv").read_text()
    assert results_of(tmp_path / "1") == results_of(tmp_path / "2") == results_of(tmp_path / "4")

    rows = list(csv.DictReader(io.StringIO(text)))
    summary = json.loads((tmp_path / "1" / "sweep.json").read_text())
    assert len(rows) == len(summary["points"]) == 2 * 2 * 2 * 2
    assert [row["precision"] for row in rows] == ["int8"] * 8 + ["int4"] * 8
    assert [row["initial_state"] for row in rows] == (["steady"] * 4 + ["cold"] * 4) * 2
    assert [row["mesh.flit"] for row in rows] == ["16 B", "16 B", "32 B", "32 B"] * 4
    assert [row["memory.ideal"] for row in rows] == ["on", "off"] * 8
    for row, point in zip(rows, summary["points"]):
        assert row["message"] == point["message"] and int(row["exit_code"]) == point["exit_code"]
        if row["precision"] == "int4":  # listed with the reason, no failure
            assert (row["exit_code"], row["cycles"], point["file"]) == ("3", "", None)
            assert "not modelled" in row["message"]
        else:
            assert row["exit_code"] == "0" and int(row["cycles"]) == point["cycles"] > 0
    assert len(list((tmp_path / "1" / "points").glob("*.h5"))) == 8
    assert not list(tmp_path.rglob(".*"))


def test_a_point_is_what_a_run_says(tmp_path):
    sweep(*FAST, "--out", tmp_path / "s")
    point = json.loads((tmp_path / "s" / "sweep.json").read_text())["points"][0]
    alone = json.loads(run_json("--set", "sim.ideal=operands"))
    for field in ("platform", "model", "precision", "initial_state", "cycles", "latency_s", "energy_j", "latency_fs"):
        assert point[field] == alone[field], field
    assert succeed("explain", tmp_path / "s" / point["file"])


def test_a_killed_sweep_resumes_where_it_was(tmp_path):
    jobs = 2
    args = (*FAST, "--axis", "mesh.flit=16 B,32 B,64 B", "--state", "steady,cold", "--jobs", jobs)
    sweep(*args, "--out", tmp_path / "calm")

    killed = tmp_path / "killed"
    command = [str(BINARY), "sweep", *map(str, args), "--out", str(killed)]
    with open(tmp_path / "said", "wb") as said:
        victim = subprocess.Popen(command, start_new_session=True, stdout=said, stderr=said)
    deadline = time.monotonic() + 50
    while len(list((killed / "points").glob("*.h5"))) < 2:
        assert victim.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    before = simulated(killed)
    assert 2 <= len(before) < 6 and not (killed / "sweep.csv").exists()

    again = sweep(*args, "--out", killed)
    assert f"{len(before)} of 6 points are there already\n" in again.stderr
    after = simulated(killed)
    assert len(after) == 6 and {name: after[name] for name in before} == before
    assert results_of(killed) == results_of(tmp_path / "calm")
    assert not list(killed.rglob(".*"))

    third = sweep(*args, "--out", killed)
    assert "6 of 6 points are there already\n" in third.stderr and simulated(killed) == after


def test_equal_points_are_simulated_once(tiny, tmp_path):
    sweep("-p", PLATFORM, "-m", tiny, "--axis", "mesh.flit=16 B,16", "--out", tmp_path / "s")
    assert len(simulated(tmp_path / "s")) == 1
    points = json.loads((tmp_path / "s" / "sweep.json").read_text())["points"]
    assert len(points) == 2
    for point in points:
        point.pop("axis", None)
    assert points[0] == points[1]


def test_the_spec_that_is_written_gives_the_same_sweep(tiny, tmp_path):
    args = ("-p", PLATFORM, "-m", tiny, "--set", "memory.ideal=on", "--axis", "mesh.flit=16 B,32 B", "--state", "cold")
    first = sweep(*args, "--out", tmp_path / "a").stdout
    assert sweep("--spec", tmp_path / "a" / "spec.json", "--out", tmp_path / "b").stdout == first
    assert results_of(tmp_path / "a") == results_of(tmp_path / "b")


def test_shares_of_workers_merge_to_the_same_bytes(tiny, tmp_path):
    args = ("-p", PLATFORM, "-m", tiny, "--precision", "int8,int4", "--axis", "mesh.flit=16 B,32 B")
    local = sweep(*args, "--out", tmp_path / "local", "--format", "json").stdout
    sweep(*args, "--out", tmp_path / "far", "--launcher", "slurm", "--tasks", "2", "--no-submit")
    script = (tmp_path / "far" / "slurm.sh").read_text()
    assert "#SBATCH --array=0-1\n" in script and f"sweep worker '{tmp_path / 'far'}'" in script
    sweep("worker", tmp_path / "far", "1/2")
    gone = refuse("sweep", "merge", tmp_path / "far", code=4, naming=["2 of 4 points are missing", "mesh.flit=16 B"])
    assert "mesh.flit=32 B" not in gone.stderr
    sweep("worker", tmp_path / "far", "0/2")
    assert succeed("sweep", "merge", tmp_path / "far", "--format", "json") == local
    (tmp_path / "far" / "slurm.sh").unlink()
    assert results_of(tmp_path / "far") == results_of(tmp_path / "local")


def test_another_sweep_in_the_directory_is_refused(tiny, tmp_path):
    args = ("-p", PLATFORM, "-m", tiny, "--out", tmp_path / "s")
    sweep(*args)
    before = results_of(tmp_path / "s")
    refuse("sweep", *args, "--state", "cold", naming=["spec.json", 'state is ["steady"] there and ["cold"] here'])
    assert results_of(tmp_path / "s") == before


def test_a_failed_point_is_listed_and_exits_4(tiny, tmp_path):
    """A point whose file cannot get its name, for a directory has it."""
    args = ("-p", PLATFORM, "-m", tiny, "--axis", "mesh.flit=16 B,32 B", "--out", tmp_path / "s")
    sweep(*args)
    victim = next((tmp_path / "s" / "points").glob("*.h5"))
    victim.unlink()
    victim.mkdir()
    done = sweep(*args, code=4)
    assert "failed: cannot write" in done.stdout
    assert "cyclescope: error: 1 of 2 points failed, first" in done.stderr
    victim.rmdir()
    sweep(*args)


BASE = ("--platform", PLATFORM, "--model", MODEL)


@pytest.mark.parametrize(
    "args, naming",
    [
        ((), "--platform is missing"),
        (("--platform", PLATFORM), "--model is missing"),
        ((*BASE, "--platform", "kpu-t65"), "'kpu-t65'"),
        (("--platform", "kpu-t64,", "--model", MODEL), "'kpu-t64,'"),
        (("--platform", PLATFORM, "--model", "resnet51"), "'resnet51'"),
        ((*BASE, "--precision", "int7"), "int7"),
        ((*BASE, "--state", "warm"), "'warm'"),
        ((*BASE, "--batch", "1,x"), "'x'"),
        ((*BASE, "--batch", "0"), "batch 0"),
        ((*BASE, "--axis", "mesh.flit"), "'mesh.flit'"),
        ((*BASE, "--axis", "mesh.flit=16 B,16 MHz"), ["mesh.flit=16 MHz", "kpu-t64 resnet50 int8 steady"]),
        ((*BASE, "--axis", "mesh.flti=16 B"), "mesh.flti"),
        ((*BASE, "--axis", "mesh.flit=16 B", "--axis", "mesh.flit=32 B"), "'mesh.flit' is given twice"),
        ((*BASE, "--axis", "mesh.flit=16 B", "--set", "mesh.flit=32 B"), "'mesh.flit' is given twice, or also set"),
        ((*BASE, "--jobs", "0"), "--jobs '0'"),
        ((*BASE, "--format", "xml"), "'xml'"),
        ((*BASE, "--launcher", "pbs"), "'pbs'"),
        ((*BASE, "--tasks", "2"), "--tasks"),
        ((*BASE, "--no-submit"), "--no-submit"),
        ((*BASE, "--launcher", "slurm", "--no-submit", "--slurm-option", "partition"), "'partition'"),
        ((*BASE, "--spec", "spec.json"), "--spec and --platform"),
        (("--spec", "nosuch.json"), "nosuch.json"),
    ],
)
def test_a_wrong_sweep_is_refused_before_anything_is_written(args, naming, tmp_path):
    refuse("sweep", *args, "--out", tmp_path / "s", naming=naming, cwd=tmp_path)
    assert not (tmp_path / "s" / "points").exists()


def test_wrong_files_and_places_are_refused(tmp_path):
    refuse("sweep", *BASE, naming="--out is missing")
    (tmp_path / "file").write_text("")
    refuse("sweep", *BASE, "--out", tmp_path / "file", naming="file")
    (tmp_path / "spec.json").write_text('{"platform": "kpu-t64", "model": "resnet50", "axes": {}}')
    refuse("sweep", "--spec", tmp_path / "spec.json", "--out", tmp_path / "s", naming=["spec.json", "'axes'"])
    damaged = bytearray((LIBRARY / f"{MODEL}.h5").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.h5").write_bytes(damaged)
    refuse("sweep", "-p", PLATFORM, "-m", tmp_path / "damaged.h5", "--out", tmp_path / "s", naming="damaged.h5")
    args = ("--launcher", "slurm", "--no-submit", "--out", tmp_path / "100%")
    refuse("sweep", *BASE, *args, naming=["100%", "percent"])
    assert not (tmp_path / "s").exists()
    refuse("sweep", "merge", tmp_path / "nosuch", naming="nosuch")
    refuse("sweep", "merge", naming="DIR")
    refuse("sweep", "worker", tmp_path, naming="DIR I/N")


@pytest.mark.parametrize("share", ["2/2", "0", "0/0", "a/2", "0/2x", "-1/2", "/"])
def test_a_wrong_share_is_refused(share, tiny, tmp_path):
    sweep("-p", PLATFORM, "-m", tiny, "--out", tmp_path, "--launcher", "slurm", "--no-submit")
    refuse("sweep", "worker", "--", tmp_path, share, naming=f"'{share}'")


def test_without_slurm_the_error_says_so(tiny, tmp_path):
    args = ("-p", PLATFORM, "-m", tiny, "--out", tmp_path / "s", "--launcher", "slurm")
    done = cyclescope("sweep", *args, env={**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == 2 and "cyclescope: error: there is no sbatch" in done.stderr


def test_help_shows_examples():
    text = succeed("sweep", "--help")
    assert 'cyclescope sweep --platform kpu-t64 --model resnet50 --axis "mesh.flit=16 B,32 B"' in text
    assert "cyclescope sweep merge cluster" in text
