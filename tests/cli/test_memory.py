"""`cyclescope memory`: measured memories as table, JSON and CSV, curves by child processes, and what is refused."""

import csv
import io
import json
import os
import signal
import subprocess
import time

import pytest
from conftest import BINARY, ROOT, refuse, succeed

MEMORY = "lpddr5x_8000"
QUICK = ("memory", "--memory", MEMORY, "--requests", "2000")
PATTERNS = ["read", "write", "mix", "strided", "random32", "random64", "random256", "pingpong"]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def sums(row, prefix):
    return sum(int(value) for name, value in row.items() if name.startswith(prefix))


def test_help_is_enough_to_draw_a_curve():
    text = succeed("memory", "--help")
    assert "cyclescope memory --memory hbm3_3200 --pattern random32 --curve --out hbm3.csv" in text
    assert "scripts/plot hbm3.csv --out hbm3.png" in text
    for pattern in PATTERNS:
        assert f"  {pattern} " in text


def test_the_memories_are_listed_with_their_peak():
    text = succeed("memory", "--list")
    names = sorted(path.stem for path in (ROOT / "configs" / "memory").glob("*.ini"))
    assert [line.split()[0] for line in text.splitlines()[1:]] == names
    line = next(line for line in text.splitlines() if line.split()[0] == MEMORY)
    assert line.split() == [MEMORY, "lpddr5", "1", "1", "16.00", "GB/s"]
    assert MEMORY in succeed("list")


def test_a_wrong_part_file_does_not_hide_the_others(tmp_path):
    memories = tmp_path / "configs" / "memory"
    memories.mkdir(parents=True)
    (tmp_path / "configs" / "platforms").mkdir()
    (memories / "good.ini").write_text((ROOT / "configs" / "memory" / f"{MEMORY}.ini").read_text())
    (memories / "wrong.ini").write_text("[dram]\nnonsense = 1 | assumed | test\n")
    text = succeed("memory", "--list", env={**os.environ, "CYCLESCOPE_ROOT": str(tmp_path)})
    assert "16.00 GB/s" in text and "wrong.ini:2" in text


def test_all_patterns_are_the_default_and_json_closes():
    result = json.loads(succeed(*QUICK, "--format", "json"))
    assert result["schema"] == "cyclescope-memory-1"
    assert [point["pattern"] for point in result["points"]] == PATTERNS
    for point in result["points"]:
        assert (point["memory"], point["technology"], point["channels"]) == (MEMORY, "lpddr5", 1)
        assert point["peak_bytes_per_second"] == 16_000_000_000
        assert point["load"] is None and point["offered_bytes_per_second"] is None
        assert sum(point["bus_time_fs"].values()) == point["time_fs"] * point["data_buses"]
        assert sum(point["latency_fs"].values()) / point["requests"] / 1e6 == pytest.approx(point["latency_mean_ns"])
        moved = point["bytes_read"] + point["bytes_written"]
        assert moved == point["requests"] * point["request_bytes"]
        assert moved / point["time_fs"] * 1e6 == pytest.approx(point["attained_gb_per_s"])
        assert sum(point["energy_aj"].values()) / 1e6 / (8 * moved) == pytest.approx(point["pj_per_bit"])
        assert point["row_hit_rate"] == pytest.approx(max(0, 1 - point["activates"] / point["bursts"]))
        assert 0 < point["latency_p50_ns"] <= point["latency_p99_ns"] <= point["latency_max_ns"]
        assert 0 < point["share_of_peak"] <= 1
    assert result["points"][-1]["row_hit_rate"] == 0


def test_the_table_names_what_the_json_holds():
    text = succeed(*QUICK, "--pattern", "read,mix")
    assert text.startswith(f"{MEMORY}: lpddr5, 1 channel, 1 data bus, peak 16.00 GB/s, saturated\n")
    for words in ["Where the time of the data buses went", "Where the latency of the mean request went",
                  "Where the energy went", "dram_turnaround", "pJ/bit"]:
        assert words in text


def test_every_line_of_shares_adds_up_to_100():
    text = succeed(*QUICK)
    shares = [line.split()[1:] for line in text.split("Where the time")[1].splitlines() if line.endswith("%")]
    assert len(shares) == 3 * len(PATTERNS)
    for cells in shares:
        assert sum(round(10 * float(cell)) for cell in cells if cell != "%") == 1000


def test_settings_are_overridden_and_recorded():
    options = ("--pattern", "read", "--set", "dram.channels=4", "--set", "dram.refresh=off", "--format", "json")
    point = json.loads(succeed(*QUICK, *options))["points"][0]
    assert (point["channels"], point["peak_bytes_per_second"]) == (4, 64_000_000_000)
    assert point["bus_time_fs"]["waiting.operand.dram_refresh"] == 0
    assert point["overrides"] == {"dram.channels": "4 channels", "dram.refresh": "off"}


def test_a_path_names_a_memory_too():
    path = ROOT / "configs" / "memory" / f"{MEMORY}.ini"
    named = succeed(*QUICK, "--format", "csv")
    assert succeed("memory", "--memory", path, "--requests", "2000", "--format", "csv") == named


def test_a_load_is_a_share_or_a_rate():
    share = succeed(*QUICK, "--pattern", "read", "--load", "0.25", "--format", "json")
    assert succeed(*QUICK, "--pattern", "read", "--load", "4GB/s", "--format", "json") == share
    assert succeed(*QUICK, "--pattern", "read", "--load", "4000 MB/s", "--format", "json") == share
    point = json.loads(share)["points"][0]
    assert (point["load"], point["offered_bytes_per_second"]) == (0.25, 4_000_000_000)
    assert point["attained_gb_per_s"] == pytest.approx(4, rel=0.01)


def test_reads_of_a_mix_have_their_share():
    text = succeed(*QUICK, "--pattern", "mix", "--read-share", "67", "--format", "json")
    point = json.loads(text)["points"][0]
    assert point["bytes_read"] == 1340 * point["request_bytes"]
    assert point["bytes_written"] == 660 * point["request_bytes"]


def test_the_same_seed_gives_the_same_bytes_and_another_others():
    random = (*QUICK, "--pattern", "random32", "--format", "json")
    first = succeed(*random, "--seed", "7")
    assert succeed(*random, "--seed", "7", env={**os.environ, "MALLOC_PERTURB_": "165"}) == first
    other = json.loads(succeed(*random, "--seed", "8"))["points"][0]
    assert other["time_fs"] != json.loads(first)["points"][0]["time_fs"]


def test_a_curve_rises_and_is_the_same_for_any_number_of_jobs(tmp_path):
    curve = (*QUICK, "--pattern", "random32,read", "--curve")
    text = succeed(*curve, "--jobs", "1")
    assert succeed(*curve, "--jobs", "2") == text
    out = tmp_path / "curve.csv"
    assert succeed(*curve, "--out", out) == ""
    assert out.read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["curve.csv"]
    rows = rows_of(text)
    assert [row["load"] for row in rows[:20]] == [f"{step / 20:g}" for step in range(1, 21)]
    assert {row["pattern"] for row in rows[:20]} == {"random32"} and len(rows) == 40
    for row in rows:
        assert sums(row, "bus_time_fs.") == int(row["time_fs"]) * int(row["data_buses"])
        assert sums(row, "energy_aj.") > 0
        assert float(row["attained_gb_per_s"]) <= float(row["peak_gb_per_s"])
    assert float(rows[19]["latency_mean_ns"]) > float(rows[0]["latency_mean_ns"])


def test_loads_of_a_curve_may_be_given():
    rows = rows_of(succeed(*QUICK, "--pattern", "read", "--loads", "0.1,8GB/s,1"))
    assert [row["load"] for row in rows] == ["0.1", "0.5", "1"]
    assert [row["offered_gb_per_s"] for row in rows] == ["1.6", "8", "16"]


@pytest.mark.parametrize(
    "args, naming",
    [
        ((), "--memory"),
        (("--memory", "lpddr5x_800"), ["'lpddr5x_800'", f"did you mean '{MEMORY}'"]),
        (("--memory", "nosuch.ini"), "nosuch.ini"),
        (("--memory", MEMORY, "stray"), "'stray'"),
        (("--memory", MEMORY, "--load", "0"), ["--load '0'", "share of the peak"]),
        (("--memory", MEMORY, "--load=-0.5"), "'-0.5'"),
        (("--memory", MEMORY, "--load", "1.01"), ["'1.01'", "16.00 GB/s"]),
        (("--memory", MEMORY, "--load", "17GB/s"), "'17GB/s'"),
        (("--memory", MEMORY, "--load", "nan"), "'nan'"),
        (("--memory", MEMORY, "--load", "8 Gbit/s"), "'8 Gbit/s'"),
        (("--memory", MEMORY, "--load", "0.000001"), "more than 10 s"),
        (("--memory", MEMORY, "--curve", "--load", "0.5"), "--loads"),
        (("--memory", MEMORY, "--loads", "0.1,,0.2"), "empty"),
        (("--memory", MEMORY, "--loads", "0.1,2"), ["--loads", "'2'"]),
        (("--memory", MEMORY, "--pattern", "radnom32"), ["'radnom32'", "did you mean 'random32'", "pingpong"]),
        (("--memory", MEMORY, "--pattern", "read,"), "--pattern"),
        (("--memory", MEMORY, "--stride", "100"), ["stride of 100 B", "multiple of the request (256 B)"]),
        (("--memory", MEMORY, "--requests", "0"), "--requests"),
        (("--memory", MEMORY, "--requests", "1000000000"), "number of requests"),
        (("--memory", MEMORY, "--request-bytes", "1000000"), "request bytes"),
        (("--memory", MEMORY, "--outstanding", "100000"), "outstanding"),
        (("--memory", MEMORY, "--read-share", "101"), "--read-share"),
        (("--memory", MEMORY, "--format", "xml"), "'xml'"),
        (("--memory", MEMORY, "--jobs", "0"), "--jobs"),
        (("--memory", MEMORY, "--set", "dram.tRASS=1 ns"), "dram.tRASS"),
        (("--memory", MEMORY, "--set", "dram.tRAS=1 ns"), ["contradict", "dram.tRAS", "dram.tRCD", MEMORY]),
        (("--memory", MEMORY, "--set", "memory.ideal=on"), "memory.ideal"),
    ],
)
def test_what_cannot_be_measured_is_refused(args, naming):
    refuse("memory", *args, naming=naming)


def test_an_output_that_cannot_be_written_is_refused_first(tmp_path):
    refuse(*QUICK, "--out", tmp_path / "absent" / "x.csv", naming="cannot write")
    assert list(tmp_path.iterdir()) == []


def test_a_point_that_fails_in_its_child_is_named_and_leaves_no_file(tmp_path):
    tiny = ("--set", "dram.rows=16", "--set", "dram.channel_capacity=512 KiB")
    out = tmp_path / "curve.csv"
    refuse(*QUICK, *tiny, "--pattern", "read,pingpong", "--loads", "0.01,0.02", "--out", out,
           naming=[f"memory {MEMORY}, pattern pingpong, load 0.01", "needs 17 rows"])
    assert list(tmp_path.iterdir()) == []


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def test_an_interrupt_ends_the_children(tmp_path):
    command = [str(BINARY), "memory", "--memory", MEMORY, "--pattern", "random32", "--curve", "--requests", "50000000",
               "--jobs", "2", "--out", str(tmp_path / "curve.csv")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while len(children_of(process.pid)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        children = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == -signal.SIGINT
    assert not [child for child in children if os.path.exists(f"/proc/{child}")]
    assert list(tmp_path.iterdir()) == []
