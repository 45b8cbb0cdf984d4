"""`cyclescope validate`, on a data directory whose measurements are of one small convolution on KPU-T64."""

import csv
import io
import json
import os
import shutil
import statistics

import pytest
from conftest import ROOT, cyclescope, succeed
from test_matrix import results_of, write_network

MEASURED = ("platform,vendor_platform_name,model,model_source,input_shape,precision,batch,metric,value,conditions,source,date,"
            "notes,fitted_by")
PLATFORMS = """platform,vendor_platform_name,conditions,simulated_as,set,reason
Chip,board,on the wall,kpu-t64,,power of the board
Chip,board,,kpu-t64,,
Chip,ideal board,,kpu-t64,memory.ideal=on,
Other,board,,jetson-thor,,
"""
NETWORKS = """platform,model,input_shape,trace,counted,remark
Chip,net,8x8x16,small,yes,
Chip,like,8x8x16,small,no,pads elsewhere
Other,net,8x8x16,small,yes,
"""


def line(platform="Chip", board="board", model="net", shape="8x8x16", precision="INT8 (w8a8)", batch="1", metric="latency_ms",
         value="1", conditions="", fitted=""):
    return f'{platform},{board},{model},a zoo,{shape},{precision},{batch},{metric},{value},{conditions},a page,2026,"a, b",{fitted}'


def write_tables(root, lines, platforms=PLATFORMS, networks=NETWORKS):
    directory = root / "configs" / "measured"
    directory.mkdir(exist_ok=True)
    (directory / "measured.csv").write_text("\n".join([MEASURED, *lines]) + "\n")
    (directory / "platforms.csv").write_text(platforms)
    (directory / "networks.csv").write_text(networks)
    return root


@pytest.fixture
def root(tmp_path):
    """A data directory with the real platforms and one small network."""
    path = tmp_path / "root"
    shutil.copytree(ROOT / "configs", path / "configs", ignore=shutil.ignore_patterns("measured"))
    (path / "traces" / "library").mkdir(parents=True)
    write_network("small", path / "traces" / "library" / "small.h5")
    return path


def call(root, *args, code=0):
    done = cyclescope("validate", *args, env={**os.environ, "CYCLESCOPE_ROOT": str(root)})
    assert done.returncode == code, done.stderr
    return done


def seconds(root, *args):
    """What `run` says the small network takes."""
    env = {**os.environ, "CYCLESCOPE_ROOT": str(root)}
    return json.loads(succeed("run", "--platform", "kpu-t64", "--model", "small", "--format", "json", *args, env=env))


LINES = [
    line(value="1"),
    line(batch="8", metric="throughput_fps", value="1000"),
    line(metric="power_w", value="2.5", precision="FP16"),
    line(board="ideal board", value="0.001"),
    line(model="like"),
    line(model="unknown_net"),
    line(batch="offline"),
    line(metric="ddr_mb"),
    line(conditions="on the wall", metric="power_w"),
    line(precision="not stated"),
    line(platform="Other"),
]


def test_values_are_those_of_runs_and_reasons_are_told(root):
    write_tables(root, LINES)
    report = json.loads(call(root, "--platform", "kpu-t64", "--format", "json").stdout)
    rows = report["rows"]
    assert [row["line"] for row in rows] == list(range(2, 12))
    batch, power = seconds(root, "--batch", "8"), seconds(root, "--precision", "fp16")
    expected = [seconds(root)["latency_s"] * 1e3, 8 / batch["latency_s"], power["average_power_w"],
                seconds(root, "--set", "memory.ideal=on")["latency_s"] * 1e3]
    assert [row["simulated"] for row in rows[:4]] == pytest.approx(expected, rel=1e-9)
    measured = [1, 1000, 2.5, 0.001]
    residuals = [simulated / value - 1 for simulated, value in zip(expected, measured)]
    assert [row["residual"] for row in rows[:4]] == pytest.approx(residuals)
    assert all(row["counted"] and "%" in row["mechanism"] and row["notes"] == "a, b" for row in rows[:4])
    assert (rows[4]["status"], rows[4]["counted"]) == ("simulated", False) and "pads elsewhere" in rows[4]["uncounted_because"]
    assert {row["status"] for row in rows[5:]} == {"not_run"} and {row["simulated"] for row in rows[5:]} == {None}
    for row, reason in zip(rows[5:], ("not built by torchvision", "'offline'", "ddr_mb", "power of the board", "'not stated'")):
        assert reason in row["reason"]
    everything = report["distributions"][-1]
    assert (everything["metric"], everything["count"]) == ("all", 4)
    assert everything["median_absolute"] == pytest.approx(statistics.median(map(abs, residuals)))
    assert everything["worst"] == pytest.approx(max(residuals, key=abs))
    ratios = [residual + 1 for residual in residuals]
    assert everything["worst_factor"] == pytest.approx(max(max(ratio, 1 / ratio) for ratio in ratios))
    text = call(root, "--platform", "kpu-t64").stdout
    assert text.endswith("10 rows measured on kpu-t64: 5 simulated, 4 of them counted; 5 not run, 0 waiting for a platform, "
                         "0 refused, 0 failed.\n")


def test_a_row_that_a_setting_was_fitted_to_does_not_count(root):
    platform = root / "configs" / "platforms" / "kpu-t64.ini"
    write_tables(root, [line(fitted="clock.fabric"), line(batch="2")])
    report = json.loads(call(root, "--platform", "kpu-t64", "--format", "json").stdout)
    assert [row["counted"] for row in report["rows"]] == [True, True]  # published
    text = platform.read_text()
    assert "fabric = 475 MHz | published" in text
    platform.write_text(text.replace("fabric = 475 MHz | published", "fabric = 475 MHz | fitted"))
    report = json.loads(call(root, "--platform", "kpu-t64", "--format", "json").stdout)
    assert [row["counted"] for row in report["rows"]] == [False, True]
    assert report["rows"][0]["uncounted_because"] == "clock.fabric was fitted to it"
    write_tables(root, [line(), line(fitted="clock.fabrik")])
    error = call(root, "--platform", "kpu-t64", code=2).stderr
    assert "measured.csv:3: fitted_by = 'clock.fabrik'" in error


def test_bytes_do_not_depend_on_the_number_of_workers(root, tmp_path):
    write_tables(root, LINES)
    for jobs in ("1", "3"):
        out = call(root, "--platform", "kpu-t64", "--jobs", jobs, "--out", tmp_path / jobs, "--format", "csv").stdout
        assert out == (tmp_path / jobs / "validate.csv").read_text()
    assert results_of(tmp_path / "1") == results_of(tmp_path / "3")
    again = call(root, "--platform", "kpu-t64", "--out", tmp_path / "1")
    assert "are there already" in again.stderr and results_of(tmp_path / "1") == results_of(tmp_path / "3")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "1" / "validate.csv").read_text())))
    assert len(rows) == 10 and rows[0]["notes"] == "a, b" and rows[5]["simulated"] == ""


def test_rows_that_wait_are_no_failure_and_a_platform_without_rows_says_so(root):
    write_tables(root, LINES)
    waiting = call(root, "--platform", "jetson-thor").stdout
    assert "waiting for a platform: jetson-thor is not modelled yet: 1 row (net)" in waiting
    assert call(root, "--platform", "kpu-t256").stdout.startswith("0 rows measured on kpu-t256")


def test_a_failed_point_exits_4(root, tmp_path):
    """A point whose file cannot get its name, for a directory has it."""
    write_tables(root, LINES)
    call(root, "--platform", "kpu-t64", "--out", tmp_path / "v")
    rows = json.loads((tmp_path / "v" / "validate.json").read_text())["rows"]
    victim = tmp_path / "v" / rows[1]["file"]
    victim.unlink()
    victim.mkdir()
    done = call(root, "--platform", "kpu-t64", "--out", tmp_path / "v", code=4)
    assert "cyclescope: error: 1 of 10 rows failed, first 'net throughput_fps batch 8 (line 3)'" in done.stderr


@pytest.mark.parametrize(
    "change, naming",
    [
        (dict(lines=[line(), line(value="-1")]), "measured.csv:3: value = '-1'"),
        (dict(lines=[line(), "Chip,board"]), "measured.csv:3: 2 fields"),
        (dict(lines=[line(), line(), ""]), "measured.csv:4: an empty line"),
        (dict(lines=[line(board="bord")]), "measured.csv:2: 'Chip', 'bord'"),
        (dict(networks=NETWORKS.replace("small,no", "small,maybe")), "networks.csv:3: counted = 'maybe'"),
        (dict(networks=NETWORKS + "Chip,net,8x8x16,small,no,\n"), "networks.csv:5: Chip 'net' again after line 2"),
        (dict(networks=NETWORKS.replace("small,yes", "smaller,yes")), "networks.csv:2: model 'smaller'"),
        (dict(lines=[line(shape="9x9x16")], networks=NETWORKS.replace("net,8x8", "net,9x9")),
         "networks.csv:2: input_shape = '9x9x16'; expected 8x8x16"),
        (dict(platforms=PLATFORMS.replace("simulated_as", "as")), "platforms.csv:1: expected the columns"),
    ],
)
def test_damaged_tables_are_refused_with_file_and_line(change, naming, root):
    write_tables(root, **{"lines": LINES, **change})
    assert naming in call(root, "--platform", "kpu-t64", code=2).stderr


def test_wrong_options_are_refused(root):
    write_tables(root, LINES)
    assert "unknown platform 'kpu-t65' (did you mean 'kpu-t64'?)" in call(root, "--platform", "kpu-t65", code=2).stderr
    assert "--platform is missing" in call(root, code=2).stderr
    assert "--model 'nett'" in call(root, "--platform", "kpu-t64", "--model", "nett", code=2).stderr
    assert "'xml'" in call(root, "--platform", "kpu-t64", "--format", "xml", code=2).stderr
    one = json.loads(call(root, "--platform", "kpu-t64", "--model", "like", "--format", "json").stdout)
    assert [row["model"] for row in one["rows"]] == ["like"]


def test_every_line_of_the_committed_tables_is_used():
    """And every platform that has measurements can be asked for, whether it is modelled or waits."""
    directory = ROOT / "configs" / "measured"

    def table(name):
        with open(directory / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    rows, platforms, networks = table("measured.csv"), table("platforms.csv"), table("networks.csv")
    assert len(rows) == 695
    for rule in platforms:
        key = (rule["platform"], rule["vendor_platform_name"])
        assert any(key == (r["platform"], r["vendor_platform_name"]) and rule["conditions"] in r["conditions"] for r in rows), rule
    for rule in networks:
        key = (rule["platform"], rule["model"], rule["input_shape"])
        assert any(key == (r["platform"], r["model"], r["input_shape"]) for r in rows), rule
        assert (ROOT / "traces" / "library" / f"{rule['trace']}.h5").is_file()
