"""`cyclescope scaling` on a model of two convolutions: tables, sums that close, files, and what is refused."""

import csv
import io
import json
import subprocess
import sys

import pytest
from conftest import PLATFORM, ROOT, cyclescope, refuse, succeed

pytest.importorskip("onnx")
sys.path.insert(0, str(ROOT / "tests" / "converter"))
from onnx_builder import Builder  # noqa: E402  (needs the path above)

CAUSES = ["fill_drain", "short_k_drain", "padding", "tile_quantisation", "serial_operators", "launch",
          "synchronisation", "operands_l1", "operands_l2", "operands_l3", "arbitration", "noc", "dram_bandwidth",
          "dram_latency", "host_link", "egress", "weights", "ends", "heterogeneity", "executed_elsewhere"]
MACS = 64 * 128 * 9 * 14 * 14 + 128 * 64 * 14 * 14  # a 3x3 convolution with padding, then a 1x1


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A 3x3 convolution of 64 to 128 channels on 14x14, ReLU, a 1x1 convolution back to 64."""
    import onnx

    directory = tmp_path_factory.mktemp("model")
    builder = Builder()
    x = builder.input((1, 64, 14, 14))
    x = builder.node("Conv", x, builder.stored("w1", (128, 64, 3, 3)), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = builder.node("Relu", x)
    x = builder.node("Conv", x, builder.stored("w2", (64, 128, 1, 1)), kernel_shape=[1, 1])
    onnx.save(builder.model(x), str(directory / "two.onnx"))
    done = subprocess.run([str(ROOT / "scripts" / "convert"), str(directory / "two.onnx"), "--out",
                           str(directory / "two.h5")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return directory / "two.h5"


@pytest.fixture(scope="session")
def tiles(model, tmp_path_factory):
    """A series with everything that --out writes, two points at once."""
    directory = tmp_path_factory.mktemp("scaling") / "tiles"
    text = succeed("scaling", "--platform", PLATFORM, "--model", model, "--tiles", "1,2,...,8", "--memory",
                   "constant,scaled,ideal", "--jobs", "2", "--out", directory, "--format", "json")
    return directory, json.loads(text)


def test_help_has_examples():
    text = succeed("scaling", "--help")
    assert "cyclescope scaling --platforms kpu-t64,kpu-t256,kpu-t768" in text and "scripts/plot" in text


def test_every_sum_closes_in_integers(tiles):
    _, result = tiles
    assert (result["schema"], result["axis"], result["model"]) == ("cyclescope-scaling-1", "tiles", "two")
    assert [(series["memory"], series["state"]) for series in result["series"]] == [
        (memory, state) for memory in ("constant", "scaled", "ideal") for state in ("steady", "cold")]
    for series in result["series"]:
        base = series["points"][0]
        assert [point["size"] for point in series["points"]] == [1, 2, 4, 8] and series["left_out"] == []
        for point in series["points"]:
            assert list(point["lost_slots"]) == list(point["efficiency_terms"]) == CAUSES
            assert point["arrays"] == point["size"]
            assert (point["mesh_width"], point["mesh_height"]) == {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}[point["size"]]
            assert point["slots"] == point["slots_per_cycle"] * point["cycles"] == point["size"] * 4096 * point["cycles"]
            assert point["useful_slots"] == 4 * MACS
            assert point["useful_slots"] + sum(point["lost_slots"].values()) == point["slots"]
            assert sum(point["efficiency_terms"].values()) == point["efficiency_lost"] == point["slots"] - base["slots"]
            assert point["efficiency_denominator"] == point["slots"]
            for cause in CAUSES[:-1]:
                assert point["efficiency_terms"][cause] == point["lost_slots"][cause] - base["lost_slots"][cause]
            assert sum(point["critical_path"].values()) == point["cycles"]
            assert point["speed_up"] == pytest.approx(base["makespan_fs"] / point["makespan_fs"])
            assert point["ideal_speed_up"] == pytest.approx(point["size"])
            assert point["efficiency"] == pytest.approx(point["speed_up"] / point["size"], rel=1e-4)


def test_memory_is_scaled_in_proportion_with_at_least_one_channel(tiles):
    h5py = pytest.importorskip("h5py")
    directory, result = tiles
    seen = set()
    for path in (directory / "points").glob("*.h5"):
        with h5py.File(path) as file:
            settings = dict(zip(file["settings/key"].asstr(), file["settings/value"].asstr()))
            if settings["memory.ideal"] == "off":
                seen.add((int(settings["kpu.tiles"].split()[0]), int(settings["dram.channels"].split()[0])))
    # 4 channels of 64 tiles: 4 x 8 / 64 is less than one, so one.
    assert seen == {(tiles, channels) for tiles in (1, 2, 4, 8) for channels in (1, 4)}
    for series in result["series"][4:]:
        for point in series["points"]:
            assert point["lost_slots"]["dram_bandwidth"] == point["lost_slots"]["dram_latency"] == 0


def test_the_tiles_of_an_estimator_machine_have_the_clock_of_its_own_number_of_tiles(model):
    options = ("--model", model, "--tiles", "1,2", "--state", "cold", "--format", "json")
    result = json.loads(succeed("scaling", "--platform", "kpu-t64@estimator", *options))
    # 6.9 T operations / 2 / 65,536 MACs per clock of 64 tiles
    assert [point["clock_hz"] for point in result["series"][0]["points"]] == [52_642_822, 52_642_822]
    slow = json.loads(succeed("scaling", "--platform", "kpu-t64@estimator", *options, "--set", "clock.fabric=10 MHz"))
    assert [point["clock_hz"] for point in slow["series"][0]["points"]] == [10_000_000, 10_000_000]


def test_one_worker_writes_the_same_bytes_and_points_are_reused(tiles, model, tmp_path):
    directory, _ = tiles
    options = ("scaling", "--platform", PLATFORM, "--model", model, "--tiles", "1,2,4,8", "--memory",
               "constant,scaled,ideal", "--jobs", "1")
    succeed(*options, "--out", tmp_path / "again")
    names = sorted(path.name for path in directory.iterdir())
    assert names == ["points", "scaling.csv", "scaling.h5", "scaling.json"]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == names
    points = sorted((directory / "points").glob("*.h5"))
    for file in [*(directory / name for name in names[1:]), *points]:
        assert file.read_bytes() == (tmp_path / "again" / file.relative_to(directory)).read_bytes()
    before = {path: path.stat().st_mtime_ns for path in points}
    succeed(*options, "--out", directory)
    assert {path: path.stat().st_mtime_ns for path in points} == before


def test_tables_that_lose_points_are_told(model, tmp_path):
    options = ("scaling", "--platform", PLATFORM, "--model", model, "--state", "cold", "--out", tmp_path, "--tiles")
    succeed(*options, "1,2,4")
    done = cyclescope(*options, "2,4", "--set", "mesh.flit=32 B")
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"cyclescope: note: the tables in '{tmp_path}' are replaced: 1 of 3 rows ")
    assert f"the first '{PLATFORM} 1, cold state, constant memory'" in done.stderr
    assert "--set was [] and is [mesh.flit=32 B]" in done.stderr
    assert len(list((tmp_path / "points").glob("*.h5"))) == 5
    assert "--set was [mesh.flit=32 B] and is []" in cyclescope(*options, "1,2,4,8").stderr
    (tmp_path / "scaling.json").write_text("[]")
    refuse(*options, "1,2,4", naming=["scaling.json", "expected what cyclescope scaling writes"])


def test_the_csv_has_a_row_per_point(tiles):
    directory, result = tiles
    rows = list(csv.DictReader(io.StringIO((directory / "scaling.csv").read_text())))
    assert len(rows) == 6 * 4
    for row, point in zip(rows, [point for series in result["series"] for point in series["points"]]):
        assert int(row["slots"]) == point["slots"] == sum(int(row[f"slots.{cause}"])
                                                          for cause in ["useful", *CAUSES[:-1]])
        assert sum(float(row[f"loss.{cause}"]) for cause in CAUSES) == pytest.approx(1 - point["efficiency"], abs=1e-9)
    assert [row["knee"] for row in rows[:4]].count("1") == 1


def test_the_hdf5_file_holds_the_integers(tiles):
    h5py = pytest.importorskip("h5py")
    directory, result = tiles
    with h5py.File(directory / "scaling.h5") as file:
        assert file.attrs["axis"].decode() == "tiles"
        assert [name.decode() for name in file["causes"]] == CAUSES
        points = [point for series in result["series"] for point in series["points"]]
        assert list(file["points/makespan_fs"]) == [point["makespan_fs"] for point in points]
        assert [list(row) for row in file["points/efficiency_terms"]] == [list(point["efficiency_terms"].values())
                                                                         for point in points]
        assert list(file["points/mesh_height"]) == 6 * [1, 1, 2, 2]
        assert list(file["points/series"]) == [i for i in range(6) for _ in range(4)]


def test_the_table_rules(model):
    text = succeed("scaling", "--platform", PLATFORM, "--model", model, "--tiles", "1,4", "--state", "steady")
    assert "two on kpu-t64, int8, strong scaling by tiles; steady state, constant memory" in text
    assert "  Ruling: tiles 1 -> 4: simulated " in text and "    largest losses: " in text
    assert "1 - efficiency" in text and "useful MACs" in text and "largest on the critical path" in text
    assert all(len(line) < 120 for line in text.splitlines())


def test_bandwidth_is_an_axis_and_a_second_one(model):
    command = ("scaling", "--platform", PLATFORM, "--model", model, "--state", "cold", "--format", "json")
    alone = json.loads(succeed(*command, "--bandwidth", "16,64"))
    assert [point["label"] for point in alone["series"][0]["points"]] == ["16 GB/s", "64 GB/s"]
    slow, fast = alone["series"][0]["points"]
    assert slow["makespan_fs"] > fast["makespan_fs"] and fast["efficiency"] > 1
    assert fast["ideal_speed_up"] == 1 and fast["serial_fraction"] is None
    both = json.loads(succeed(*command, "--bandwidth", "16,64", "--tiles", "4,64"))
    assert [series["fixed"] for series in both["series"]] == ["16 GB/s", "64 GB/s"]
    assert both["series"][0]["points"][1]["makespan_fs"] == slow["makespan_fs"]


def test_weak_scaling_closes_per_frame(model):
    text = succeed("scaling", "--platform", PLATFORM, "--model", model, "--tiles", "2,4", "--weak", "--state", "cold",
                   "--format", "json")
    base, twice = json.loads(text)["series"][0]["points"]
    assert (base["work"], twice["work"]) == (1, 2)
    assert twice["useful_slots"] == 2 * base["useful_slots"]
    assert twice["efficiency_lost"] == twice["slots"] - 2 * base["slots"] == sum(twice["efficiency_terms"].values())
    for cause in CAUSES[:-1]:
        assert twice["efficiency_terms"][cause] == twice["lost_slots"][cause] - 2 * base["lost_slots"][cause]
    assert twice["speed_up"] == pytest.approx(2 * base["makespan_fs"] / twice["makespan_fs"])


def test_what_does_not_fit_is_listed_and_left_out(model):
    # An operator needs as much L3 as it does on one tile; on 64 it needs less than 16 KiB of each.
    command = ("scaling", "--platform", PLATFORM, "--model", model, "--state", "cold", "--set",
               "lowering.weight_window=2 KiB", "--tiles", "1,64", "--set")
    text = succeed(*command, "l3.capacity=16 KiB")
    assert "  base: 64, the first that ran" in text
    assert "  left out: 1: conv2d 'Conv_0' does not fit" in text
    done = refuse(*command, "l3.capacity=4 KiB", code=3, naming=["no point ran", "tiles 1", "does not fit"])
    assert done.stdout == ""


def test_a_point_that_fails_is_shown_and_exits_4(model):
    mesh = ("--set", "mesh.width=8 nodes", "--set", "mesh.height=8 nodes")  # fits 64 tiles only
    command = ("scaling", "--platform", PLATFORM, "--model", model, "--state", "cold", *mesh, "--tiles")
    done = cyclescope(*command, "16,64")
    assert done.returncode == 4 and "  left out: 16: kpu.tiles = 16" in done.stdout
    assert done.stderr.count("\n") == 1 and "1 point failed; the first: tiles 16" in done.stderr
    assert refuse(*command, "16,32", naming=["no point ran", "kpu.tiles = 16"]).stdout == ""


@pytest.mark.parametrize(
    "arguments, naming",
    [
        (["--platform", PLATFORM], "expected --tiles, --bandwidth or --platforms"),
        (["--tiles", "1,2"], "--platform is missing"),
        (["--platform", PLATFORM, "--tiles", "2,1"], "rising positive integers, not 2, 1"),
        (["--platform", PLATFORM, "--tiles", "1,...,4"], "'...' behind two numbers"),
        (["--platform", PLATFORM, "--tiles", "1,2,...,6"], "6 to be reached by steps of 2x"),
        (["--platform", PLATFORM, "--tiles", "1,2,..."], "a last number behind '...'"),
        (["--platform", PLATFORM, "--tiles", "1,x"], "rising positive integers"),
        (["--platform", PLATFORM, "--tiles", "2,3", "--weak"], "multiples of the smallest, 2"),
        (["--platform", PLATFORM, "--tiles", "1,2", "--set", "kpu.tile=3"], "--set kpu.tile=3"),
        (["--platform", PLATFORM, "--tiles", "1,1000000"], "error: --tiles 1000000: "),
        (["--platform", PLATFORM, "--bandwidth", "16,160000"], "error: --bandwidth 160000 GB/s: "),
        (["--platform", PLATFORM, "--tiles", "64", "--bandwidth", "160000"], "error: --bandwidth 160000 GB/s with --tiles 64: "),
        (["--platform", PLATFORM, "--tiles", "1", "--set", "memory.port_bandwidth=8"], "memory.ideal=port"),
        (["--platform", PLATFORM, "--tiles", "1,2", "--set", "kpu.tiles=3"], "--tiles sets kpu.tiles"),
        (["--platform", PLATFORM, "--bandwidth", "16,32", "--set", "dram.channels=2"], "--bandwidth sets dram.channels"),
        (["--platform", PLATFORM, "--bandwidth", "20"], "channels of 16 GB/s: 16, 32, 48, ..."),
        (["--platform", PLATFORM, "--bandwidth", "fast"], "channels of 16 GB/s"),
        (["--platform", PLATFORM, "--bandwidth", "16,16"], "names 16 GB/s twice"),
        (["--platform", PLATFORM, "--bandwidth", "16,32,16.0", "--tiles", "1"], "names 16.0 GB/s twice"),
        (["--platform", PLATFORM, "--tiles", "1,2,2"], "not 2, 2"),
        (["--platforms", "kpu-t64,kpu-t256,kpu-t64"], "names kpu-t64 twice"),
        (["--platform", PLATFORM, "--bandwidth", "16", "--memory", "ideal"], "has no bandwidth"),
        (["--platform", PLATFORM, "--bandwidth", "16", "--memory", "scaled"], "expected --tiles"),
        (["--platform", PLATFORM, "--tiles", "1", "--memory", "fast"], "constant,scaled,ideal"),
        (["--platform", PLATFORM, "--tiles", "1", "--state", "warm"], "steady,cold"),
        (["--platforms", "kpu-t64", "--tiles", "1"], "compares whole chips"),
        (["--platforms", "kpu-t65"], "kpu-t65"),
        (["--platform", PLATFORM, "--tiles", "1", "--precision", "int9"], "int9"),
    ],
)
def test_bad_arguments_are_refused(model, arguments, naming):
    assert refuse("scaling", "--model", model, *arguments, naming=naming).stdout == ""
