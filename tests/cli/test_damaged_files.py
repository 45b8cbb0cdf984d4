"""Traces and results that are cut or changed: refused in one line that names the file, and never a crash."""

import random

import pytest
from conftest import LIBRARY, MODEL, PLATFORM, cyclescope, refuse, succeed

TRACE = LIBRARY / f"{MODEL}.h5"
CUTS = [0, 1, 7, 8, 96, 511, 512, 2000, 0.1, 0.5, 0.9, -1]


def cut(data, at):
    return data[: int(at * len(data)) if isinstance(at, float) else at]


def flipped(data, seed):
    changed = bytearray(data)
    generator = random.Random(seed)
    changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("at", CUTS)
def test_a_cut_trace_is_refused(tmp_path, at):
    path = tmp_path / "cut.h5"
    path.write_bytes(cut(TRACE.read_bytes(), at))
    refuse("trace", "verify", path, naming=path)
    refuse("run", "--platform", PLATFORM, "--model", path, "--out", tmp_path / "run.h5", naming=path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["cut.h5"]


def test_a_changed_trace_is_refused_or_means_the_same(tmp_path):
    """Most bytes of a small HDF5 file mean nothing (unused places of its indices): only these may change unnoticed."""
    path = tmp_path / "changed.h5"
    expected = succeed("trace", "info", TRACE)
    refused = 0
    for seed in range(200):
        path.write_bytes(flipped(TRACE.read_bytes(), seed))
        done = cyclescope("trace", "info", path)
        if done.returncode == 0:
            assert done.stdout == expected
            continue
        assert done.returncode == 2, (seed, done)
        assert done.stdout == "" and done.stderr.count("\n") == 1 and str(path) in done.stderr, (seed, done)
        refused += 1
    assert refused > 0


def test_a_badly_damaged_trace_is_refused(tmp_path):
    path = tmp_path / "damaged.h5"
    for seed in range(50):
        damaged = TRACE.read_bytes()
        for i in range(len(damaged) // 100):
            damaged = flipped(damaged, 1_000 * seed + i)
        path.write_bytes(damaged)
        refuse("run", "--platform", PLATFORM, "--model", path, "--out", tmp_path / "run.h5", naming=path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["damaged.h5"]


@pytest.mark.parametrize("dataset", ["tensors/dims", "tensors/role", "operators/inputs", "graph/outputs"])
def test_a_changed_value_is_refused(tmp_path, dataset):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "changed.h5"
    path.write_bytes(TRACE.read_bytes())
    with h5py.File(path, "r+") as file:
        values = file[dataset][()]
        values.flat[0] += 1
        file[dataset][...] = values
    refuse("trace", "verify", path, naming=path)


def test_a_file_that_is_no_trace_is_refused(tmp_path, result_file):
    text = tmp_path / "text.h5"
    text.write_text("not HDF5\n")
    refuse("trace", "verify", text, naming=text)
    refuse("trace", "verify", result_file, naming=result_file)
    refuse("trace", "verify", tmp_path, naming=tmp_path)


def test_verify_stops_at_the_first_bad_file(tmp_path):
    bad = tmp_path / "bad.h5"
    bad.write_bytes(TRACE.read_bytes()[:1000])
    done = refuse("trace", "verify", TRACE, bad, TRACE, naming=bad)
    assert done.stdout.count(": verified\n") == 1


@pytest.mark.parametrize("at", CUTS)
def test_a_cut_result_is_refused(tmp_path, result_file, at):
    path = tmp_path / "cut.h5"
    path.write_bytes(cut(result_file.read_bytes(), at))
    refuse("explain", path, naming=path)


def test_a_changed_result_is_refused(tmp_path, result_file):
    path = tmp_path / "changed.h5"
    for seed in range(100):
        path.write_bytes(flipped(result_file.read_bytes(), seed))
        refuse("explain", path, naming=path)
