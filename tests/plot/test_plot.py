"""scripts/plot draws the CSV of a latency-load curve, and refuses what is none."""

import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("matplotlib")

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ("memory,channels,pattern,load,attained_gb_per_s,share_of_peak,"
          "latency_mean_ns,latency_p50_ns,latency_p99_ns,latency_max_ns\n")
CURVE = HEADER + ("hbm3,1,random32,0.1,2.5,0.1,90.5,88,120,150\n"
                  "hbm3,1,random32,0.5,12.5,0.5,130,125,300,420\n"
                  "ddr4,1,random32,0.1,2.5,0.1,95,90,130,170\n"
                  "ddr4,4,random32,,40.5,0.4,400,390,700,900\n")
PNG = b"\x89PNG\r\n\x1a\n"

sys.path.insert(0, str(ROOT / "scripts"))
from plotter import latency_load, scaling  # noqa: E402  (needs the path above)
from plotter.table import Row  # noqa: E402


def plot(*args, **options):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([str(ROOT / "scripts" / "plot"), *map(str, args)], capture_output=True, text=True,
                          timeout=120, env=environment, **options)


def refuse(*args, naming):
    done = plot(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("plot: error: ") and done.stderr.count("\n") == 1, done.stderr
    assert naming in done.stderr


@pytest.fixture
def curve(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(CURVE)
    return path


def test_help_has_examples():
    done = plot("--help")
    assert done.returncode == 0
    assert "cyclescope memory" in done.stdout and "scripts/plot hbm3.csv --out hbm3.png" in done.stdout


def test_a_picture_is_drawn_without_a_display(curve, tmp_path):
    done = plot(curve, "--out", tmp_path / "curve.png", "--title", "two memories")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "curve.png").read_bytes().startswith(PNG)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curve.csv", "curve.png"]


def test_the_name_of_the_first_file_is_the_default(curve, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(CURVE.replace("hbm3", "lpddr5"))
    assert plot(curve, other, "--share", "--latency", "p99").returncode == 0
    assert (tmp_path / "curve.png").read_bytes().startswith(PNG)


def test_an_svg_names_axes_with_units_and_every_line(curve, tmp_path):
    assert plot(curve, "--out", tmp_path / "curve.svg").returncode == 0
    text = (tmp_path / "curve.svg").read_text()
    for label in ["attained bandwidth (GB/s)", "mean latency (ns)", "hbm3 random32", "ddr4 random32, 4 channels"]:
        assert f"<!-- {label} -->" in text


def test_a_label_says_no_more_than_it_must():
    cells = [dict(zip(HEADER.strip().split(","), line.split(","))) for line in CURVE.splitlines()[1:]]
    lines = latency_load._lines([Row("", row) for row in cells])
    assert [(label, len(rows)) for label, rows in lines] == [
        ("hbm3 random32", 2), ("ddr4 random32, 1 channels", 1), ("ddr4 random32, 4 channels", 1)]


@pytest.mark.parametrize(
    "text, naming",
    [
        ("", "empty"),
        ("a,b\n1,2\n", "unknown columns"),
        ("no table at all\n\n", "unknown columns"),
        (HEADER, "no rows"),
        (HEADER + "hbm3,1,read,0.1,2.5\n", "bad.csv:2: 5 cells; expected 10"),
        (HEADER + "hbm3,1,read,0.1,fast,0.1,1,1,1,1\n", "bad.csv:2: attained_gb_per_s is 'fast'"),
        (HEADER + "hbm3,1,read,0.1,nan,0.1,1,1,1,1\n", "attained_gb_per_s is 'nan'"),
        (HEADER + "hbm3,1,read,0.1,2,0.1,,1,1,1\n", "latency_mean_ns is ''"),
        ('"open\n', "no CSV file"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, naming):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    refuse(path, "--out", tmp_path / "out.png", naming=naming)
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.csv"]


def test_bad_arguments_are_refused(curve, tmp_path):
    refuse(naming="FILE.csv")
    refuse(tmp_path / "absent.csv", naming="absent.csv")
    refuse(tmp_path, naming="directory")
    refuse(curve, "--out", tmp_path / "out.txt", naming=".png")
    refuse(curve, "--out", tmp_path / "absent" / "out.png", naming="cannot write")
    refuse(curve, "--latency", "p75", naming="p75")


SCALING_HEADER = ("model,precision,axis,platform,state,memory,fixed,label,size,speed_up,ideal_speed_up,slots,"
                  "slots.useful,slots.noc,slots.dram_bandwidth,slots.weights\n")
SCALING = SCALING_HEADER + ("net,int8,tiles,chip,steady,constant,,1,1,1,1,100,80,15,5,0\n"
                            "net,int8,tiles,chip,steady,constant,,4,4,2,4,200,80,80,40,0\n"
                            "net,int8,tiles,chip,steady,constant,,2,2,1.5,2,1000,700,295,0,5\n"
                            "net,int8,tiles,chip,cold,constant,,1,1,1,1,100,50,50,0,0\n")


def scaling_rows(text=SCALING):
    names = SCALING_HEADER.strip().split(",")
    return [Row("", dict(zip(names, line.split(",")))) for line in text.splitlines()[1:]]


def test_scaling_is_drawn_with_speed_up_and_causes(tmp_path):
    path = tmp_path / "scaling.csv"
    path.write_text(SCALING)
    assert plot(path).returncode == 0
    assert (tmp_path / "scaling.png").read_bytes().startswith(PNG)
    assert plot(path, "--out", tmp_path / "scaling.svg", "--title", "a chip").returncode == 0
    text = (tmp_path / "scaling.svg").read_text()
    for label in ["speed-up", "tiles", "MAC slots (%)", "capacity (ideal)", "steady", "cold", "useful", "noc",
                  "dram bandwidth", "other", "a chip", "4x"]:
        assert f"<!-- {label} -->" in text, label
    assert "<!-- weights -->" not in text  # 0.5 % at most


def test_series_are_sorted_and_labelled_by_what_differs():
    series = scaling.series_of(scaling_rows())
    assert [(label, [row.text("label") for row in rows]) for label, rows in series] == [
        ("steady", ["1", "2", "4"]), ("cold", ["1"])]
    assert scaling.series_of(scaling_rows()[:2])[0][0] == "net on chip, constant memory, steady"


def test_shares_stack_to_everything_useful_first():
    stack = scaling.shares(scaling.series_of(scaling_rows())[0][1])
    assert [name for name, _ in stack] == ["useful", "noc", "dram bandwidth", "other"]
    assert dict(stack)["noc"] == [0.15, 0.295, 0.4]
    assert dict(stack)["other"] == [0, 0.005, 0]
    assert [sum(parts[i] for _, parts in stack) for i in range(3)] == pytest.approx([1, 1, 1])


def test_a_selection_of_series_is_drawn_or_refused(tmp_path):
    path = tmp_path / "scaling.csv"
    path.write_text(SCALING)
    assert plot(path, "--only", "state=cold", "--out", tmp_path / "cold.svg").returncode == 0
    assert "<!-- net on chip, constant memory, cold -->" in (tmp_path / "cold.svg").read_text()
    chips = tmp_path / "chips.csv"
    chips.write_text(SCALING.replace(",tiles,", ",platform,"))
    assert plot(chips).returncode == 0
    refuse(path, "--only", "state=warm", naming="expected one of cold, steady")
    refuse(path, "--only", "slots=100", naming="expected COLUMN=VALUE")
    lines = [f"net,int8,tiles,chip,steady,constant,{i} GB/s,1,1,1,1,100,80,15,5,0\n" for i in range(7)]
    path.write_text(SCALING_HEADER + "".join(lines))
    refuse(path, naming="7 series; expected at most 6")
    other = tmp_path / "curve.csv"
    other.write_text(CURVE)
    refuse(path, other, naming="expected one kind")
