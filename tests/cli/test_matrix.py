"""`cyclescope matrix` and `claims`, on a data directory whose four networks are one small convolution each."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import BINARY, ROOT, cyclescope

sys.path.insert(0, str(ROOT / "scripts"))
from converter.hdf5_writer import write_trace  # noqa: E402
from converter.trace import OperatorRow, TensorRow, Trace  # noqa: E402

MODELS = ("resnet50", "deeplabv3_resnet50", "fcn_resnet50", "vit_b_16")
FILES = ("matrix.csv", "matrix.h5", "matrix.json", "matrix.md")


def write_network(name, path):
    """A 3x3 convolution, 16 to 16 channels on 8x8."""
    tensors = [
        TensorRow("image", 0, 0, (1, 16, 8, 8)),
        TensorRow("weight", 0, 1, (16, 16, 3, 3)),
        TensorRow("result", 0, 0, (1, 16, 8, 8)),
    ]
    attributes = '{"dilation":[1,1],"groups":1,"kernel":[3,3],"padding":[1,1,1,1],"stride":[1,1]}'
    operator = OperatorRow("conv", "conv2d", attributes, [0, 1], [2])
    macs = 16 * 8 * 8 * 16 * 3 * 3
    write_trace(Trace(name, "a test", "{}", tensors, [operator], [0], [2], macs, 16 * 16 * 3 * 3), str(path))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data directory with the real platforms, estimates and claims, and networks that take no time."""
    path = tmp_path_factory.mktemp("root")
    shutil.copytree(ROOT / "configs", path / "configs")
    (path / "traces" / "library").mkdir(parents=True)
    for model in MODELS:
        write_network(model, path / "traces" / "library" / f"{model}.h5")
    return path


def call(root, *args, code=0):
    """Runs the program on the data of `root`; progress goes to stderr."""
    done = cyclescope(*args, env={**os.environ, "CYCLESCOPE_ROOT": str(root)})
    assert done.returncode == code, done.stderr
    return done


SMALL = ("--platforms", "kpu-t64,jetson-thor", "--models", "resnet50,vit_b_16", "--precisions", "int8,fp16")


@pytest.fixture(scope="module")
def small(root, tmp_path_factory):
    """A narrowed matrix: four rows to simulate and four that wait, in one state."""
    path = tmp_path_factory.mktemp("matrix") / "m"
    call(root, "matrix", *SMALL, "--out", path)
    return path


def results_of(directory):
    """Bytes of all files but logs, by their place below `directory`."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".log")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def rows_of(directory):
    return json.loads((directory / "matrix.json").read_text())["rows"]


def test_bytes_do_not_depend_on_the_number_of_workers(root, tmp_path):
    for jobs in ("1", "2", "4"):
        args = (*SMALL, "--state", "steady,cold", "--jobs", jobs, "--out", tmp_path / jobs, "--format", "csv")
        assert call(root, "matrix", *args).stdout == (tmp_path / jobs / "matrix.csv").read_text()
    one = results_of(tmp_path / "1")
    assert one == results_of(tmp_path / "2") == results_of(tmp_path / "4")
    assert set(FILES) <= set(one) and len(one) == len(FILES) + 2 * 2 * 2
    assert not list(tmp_path.rglob(".*"))


def test_rows_are_those_of_the_results_and_the_estimator(root, small):
    matrix = json.loads((small / "matrix.json").read_text())
    assert matrix["narrowed"] and matrix["analyses"] == 180
    assert matrix["counts"] == {"rows": 8, "simulated": 4, "waiting": 4, "refused": 0, "failed": 0, "with_warnings": 2}
    table = list(csv.DictReader(io.StringIO((small / "matrix.csv").read_text())))
    with open(ROOT / "configs" / "estimator" / "results.csv", encoding="utf-8") as file:
        published = {(r["model"], r["platform"], r["precision"].lower()): r for r in csv.DictReader(file) if r["variant"] == "seed"}
    for row, line in zip(matrix["rows"], table):
        estimate = published[row["model"], row["platform"], row["precision"]]
        assert row["published_latency_ms"] == line["published_latency_ms"] == estimate["latency_ms"]
        assert row["published_energy_mj"] == estimate["energy_mj"]
        if row["platform"] == "jetson-thor":
            assert (row["status"], row["file"], line["cycles"]) == ("waiting", None, "")
            assert row["reason"] == "waiting for a platform: family gpu is not modelled yet"
            continue
        args = ("--platform", row["platform"], "--model", row["model"], "--precision", row["precision"])
        alone = json.loads(call(root, "run", *args, "--format", "json").stdout)
        assert row["status"] == "simulated" and (small / row["file"]).is_file()
        for field in ("precision_label", "cycles", "latency_s", "energy_j", "throughput_fps", "average_power_w",
                      "peak_memory_bytes", "fits", "utilisation"):
            assert row[field] == alone[field], field
        assert line["latency_s"] == str(row["latency_s"])
        assert row["latency_residual"] == pytest.approx(row["estimate_latency_s"] / row["latency_s"] - 1)
        assert row["target_met"] is True
        assert bool(row["warnings"]) == (row["precision"] == "fp16")  # by BF16


def test_warnings_are_listed_with_their_rows(root, small, tmp_path):
    shutil.copytree(small, tmp_path / "m")
    text = call(root, "matrix", *SMALL, "--out", tmp_path / "m").stdout
    listed = text.split("\nwarnings\n")[1].splitlines()[:2]
    assert listed == [f"  kpu-t64 {model} fp16 steady: fp16 is substituted, not native" for model in ("resnet50", "vit_b_16")]
    assert "4 simulated, 2 with warnings" in text
    assert "- kpu-t64 vit_b_16 fp16 steady: fp16 is substituted" in (tmp_path / "m" / "matrix.md").read_text()
    args = ("--platforms", "kpu-t64", "--models", "resnet50", "--precisions", "int8", "--out", tmp_path / "one")
    assert "warnings\n" not in call(root, "matrix", *args).stdout


def test_the_target_decides_what_is_met(root, small, tmp_path):
    shutil.copytree(small, tmp_path / "m")
    call(root, "matrix", *SMALL, "--target", "1000000 fps", "--out", tmp_path / "m")
    assert [row["target_met"] for row in rows_of(tmp_path / "m") if row["status"] == "simulated"] == [False] * 4


def test_tables_that_lose_rows_are_told_and_points_are_kept(root, small, tmp_path):
    shutil.copytree(small, tmp_path / "m")
    args = ("--platforms", "kpu-t64", "--models", "resnet50", "--precisions", "int8")
    said = call(root, "matrix", *args, "--target", "30 fps", "--out", tmp_path / "m").stderr
    notes = [line for line in said.splitlines() if line.startswith("cyclescope: note: ")]
    assert len(notes) == 1 and "7 of 8 rows are not covered any more, the first 'jetson-thor resnet50 fp16 steady'" in notes[0]
    assert "target was 10.00 ms and is 33.33 ms" in notes[0] and str(tmp_path / "m") in notes[0]
    assert len(rows_of(tmp_path / "m")) == 1 and len(list((tmp_path / "m" / "points").glob("*.h5"))) == 4
    # The options of before bring the tables back; they lose nothing but the target.
    said = call(root, "matrix", *SMALL, "--out", tmp_path / "m").stderr
    assert "target was 33.33 ms and is 10.00 ms" in said and "not covered" not in said
    assert "4 of 4 points are there already" in said and results_of(tmp_path / "m") == results_of(small)
    assert "note" not in call(root, "matrix", *SMALL, "--out", tmp_path / "m").stderr


def test_a_foreign_matrix_json_is_not_replaced(root, tmp_path):
    (tmp_path / "matrix.json").write_text('{"schema": "mine"}')
    assert "matrix.json: schema is \"mine\"" in call(root, "matrix", *SMALL, "--out", tmp_path, code=2).stderr
    assert (tmp_path / "matrix.json").read_text() == '{"schema": "mine"}' and not (tmp_path / "points").exists()


def test_the_whole_matrix_names_every_row_that_waits(root, tmp_path):
    done = call(root, "matrix", "--out", tmp_path / "m")
    assert "180 rows: 60 simulated, " in done.stdout and "120 waiting for a platform, 0 refused, 0 failed." in done.stdout
    for family, rows in (("gpu", 36), ("npu", 84)):
        assert f"waiting for a platform: family {family} is not modelled yet: {rows} rows (" in done.stdout
    report = (tmp_path / "m" / "matrix.md").read_text()
    for text in ("## Rows that wait for a machine", "### vit_b_16, steady state", "## What changed against the published table"):
        assert text in report
    claims = json.loads(call(root, "claims", "--from", tmp_path / "m", "--format", "json").stdout)
    verdicts = {claim["id"]: claim["verdict"] for claim in claims["claims"]}
    assert not claims["narrowed"] and "not in this matrix" not in verdicts.values()
    assert verdicts["H100-DeepLabV3"] == "waiting for a platform"
    assert verdicts["Hailo-8-over-10H"] in ("confirmed", "refuted")
    assert verdicts["lower-cost"] == "not testable"


def test_a_platform_file_is_all_that_a_waiting_row_needs(root, tmp_path):
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    shutil.copy(copy / "configs" / "platforms" / "kpu-t64.ini", copy / "configs" / "platforms" / "jetson-thor.ini")
    call(copy, "matrix", *SMALL, "--out", tmp_path / "m")
    assert {row["status"] for row in rows_of(tmp_path / "m")} == {"simulated"}


def test_a_killed_matrix_resumes_where_it_was(root, tmp_path):
    args = ("--platforms", "kpu-t64", "--state", "steady,cold", "--jobs", "2")
    call(root, "matrix", *args, "--out", tmp_path / "calm")
    killed = tmp_path / "killed"
    command = [str(BINARY), "matrix", *args, "--out", str(killed)]
    with open(tmp_path / "said", "wb") as said:
        victim = subprocess.Popen(command, start_new_session=True, stdout=said, stderr=said,
                                  env={**os.environ, "CYCLESCOPE_ROOT": str(root)})
    deadline = time.monotonic() + 50
    while len(list((killed / "points").glob("*.h5"))) < 2:
        assert victim.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    before = {path.name: path.stat().st_ino for path in (killed / "points").glob("*.h5")}
    assert 2 <= len(before) < 24 and not (killed / "matrix.json").exists()
    again = call(root, "matrix", *args, "--out", killed)
    assert f"{len(before)} of 24 points are there already\n" in again.stderr
    assert before.items() <= {path.name: path.stat().st_ino for path in (killed / "points").glob("*.h5")}.items()
    assert results_of(killed) == results_of(tmp_path / "calm")


def test_an_unknown_family_is_refused_with_its_line(root, tmp_path):
    shutil.copytree(root, tmp_path / "root")
    families = tmp_path / "root" / "configs" / "matrix.ini"
    lines = families.read_text().splitlines()
    at = lines.index("jetson-thor = gpu")
    lines[at] = "jetson-thor = gpi"
    families.write_text("\n".join(lines) + "\n")
    done = call(tmp_path / "root", "matrix", *SMALL, "--out", tmp_path / "m", code=2)
    assert f"matrix.ini:{at + 1}: family.jetson-thor = gpi: unknown family" in done.stderr and "'gpu'" in done.stderr


def test_a_failed_row_is_counted_and_exits_4(root, small, tmp_path):
    """A point whose file cannot get its name, for a directory has it."""
    shutil.copytree(small, tmp_path / "m")
    victim = tmp_path / "m" / next(row["file"] for row in rows_of(small) if row["file"])
    victim.unlink()
    victim.mkdir()
    done = call(root, "matrix", *SMALL, "--out", tmp_path / "m", code=4)
    assert "cyclescope: error: 1 of 8 rows failed, first 'kpu-t64 resnet50" in done.stderr
    matrix = json.loads((tmp_path / "m" / "matrix.json").read_text())
    assert (matrix["counts"]["failed"], matrix["counts"]["simulated"]) == (1, 3)
    failed = [row for row in matrix["rows"] if row["status"] == "failed"]
    assert len(failed) == 1 and "cannot write" in failed[0]["reason"] and failed[0]["cycles"] is None
    assert "## Rows that failed" in (tmp_path / "m" / "matrix.md").read_text()
    victim.rmdir()
    call(root, "matrix", *SMALL, "--out", tmp_path / "m")
    assert results_of(tmp_path / "m") == results_of(small)


def test_a_model_that_does_not_fit_is_refused_with_need_and_budget(root, tmp_path):
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    chip = copy / "configs" / "platforms" / "kpu-t64.ini"
    chip.write_text(chip.read_text().replace("capacity = 256 KiB", "capacity = 1 KiB"))
    done = call(copy, "matrix", *SMALL, "--out", tmp_path / "m")
    assert "0 simulated, 0 with warnings; 4 waiting for a platform, 4 refused, 0 failed" in done.stdout
    for row in rows_of(tmp_path / "m"):
        if row["platform"] == "kpu-t64":
            assert (row["status"], row["fits"], row["cycles"]) == ("refused", None, None)
            assert "does not fit: it needs " in row["reason"] and "the budget is 1024 B" in row["reason"]
            assert f"refused: {row['reason']}" in done.stdout


@pytest.mark.parametrize(
    "args, naming",
    [
        (("--platforms", "kpu-t65"), ["'kpu-t65'", "did you mean 'kpu-t64'?"]),
        (("--models", "resnet51"), "'resnet51'"),
        (("--precisions", "int4"), "'int4'"),
        (("--precisions", "int8,"), "'int8,'"),
        (("--state", "warm"), "'warm'"),
        (("--target", "10"), ["'10'", "30 fps"]),
        (("--jobs", "0"), "--jobs '0'"),
        (("--format", "xml"), "'xml'"),
    ],
)
def test_a_wrong_matrix_is_refused_before_anything_is_written(args, naming, root, tmp_path):
    done = call(root, "matrix", *args, "--out", tmp_path / "m", code=2)
    for word in naming if isinstance(naming, list) else [naming]:
        assert word in done.stderr
    assert not (tmp_path / "m").exists()
    assert "--out is missing" in call(root, "matrix", code=2).stderr


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_simulated(root, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in call(root, "matrix", *SMALL, "--out", tmp_path / "file", code=2).stderr
    (tmp_path / "m" / "matrix.csv").mkdir(parents=True)
    assert "matrix.csv" in call(root, "matrix", *SMALL, "--out", tmp_path / "m", code=2).stderr
    assert not (tmp_path / "m" / "points").exists()


def write_claims(path, check):
    path.write_text(f"[mine]\nstatement = a statement\nsource = me\nkind = ranking\ncheck = {check}\n")
    return path


@pytest.mark.parametrize(
    "check, verdict",
    [
        ("ratio(latency, kpu-t64/resnet50/int8, kpu-t64/vit_b_16/int8) = 1.0", "confirmed"),  # the same network
        ("ratio(latency, kpu-t64/resnet50/int8, kpu-t64/vit_b_16/int8) = 1.1", "refuted"),
        ("value(latency, jetson-thor/resnet50/int8) = 1.82", "waiting for a platform"),
        ("value(latency, kpu-t64/resnet50/fp32) = 6.71", "not in this matrix"),
    ],
)
def test_a_verdict_is_no_failure(check, verdict, root, small, tmp_path):
    mine = write_claims(tmp_path / "mine.ini", check)
    claim = json.loads(call(root, "claims", "--from", small, "--claims", mine, "--format", "json").stdout)["claims"][0]
    assert (claim["verdict"], claim["tests"][0]["check"]) == (verdict, check)
    assert claim["causes"].endswith(".") and claim["initial_state"] == "steady"
    assert claim["tests"][0]["unit"] == ("x" if check.startswith("ratio") else "ms")
    if verdict == "waiting for a platform":
        assert [row["row"] for row in claim["tests"][0]["missing"]] == ["jetson-thor/resnet50/int8"]
        assert claim["tests"][0]["estimated"] == pytest.approx(1.82, abs=0.005)


def test_every_format_has_every_claim(root, small):
    ids = [claim["id"] for claim in json.loads(call(root, "claims", "--from", small, "--format", "json").stdout)["claims"]]
    assert len(ids) == len(set(ids)) > 50
    text = call(root, "claims", "--from", small).stdout
    assert "The matrix is narrowed" in text
    rows = list(csv.DictReader(io.StringIO(call(root, "claims", "--from", small, "--format", "csv").stdout)))
    assert list(dict.fromkeys(row["id"] for row in rows)) == ids
    assert all(row["statement"] and row["causes"] and row["verdict"] for row in rows)
    markdown = call(root, "claims", "--from", small, "--format", "markdown").stdout
    assert [line.split(" | ")[0][2:] for line in markdown.splitlines() if line.startswith("| ")][1:] == ids
    units = {row["id"]: row["unit"] for row in rows}
    assert [units[id] for id in ("K3", "K10", "K11", "K20", "K27", "latency-order", "camera-fusion", "K30")] == [
        "x", "MB", "%", "mJ", "rows", "pairs", "streams", ""]
    one = call(root, "claims", "--from", small, "--claim", "K3").stdout
    assert one.startswith("K3: ") and "verdict" in one and "K4" not in one


def test_claims_about_weights_over_pcie_have_the_estimate_of_that_table(root, small):
    with open(ROOT / "configs" / "estimator" / "results.csv", encoding="utf-8") as file:
        table = {(r["model"], r["precision"]): r for r in csv.DictReader(file)
                 if (r["variant"], r["platform"]) == ("committed_pcie", "hailo-8")}
    args = ("--claim", "K13", "--claim", "K14", "--claim", "K33", "--from", small)
    claims = json.loads(call(root, "claims", *args, "--format", "json").stdout)["claims"]
    frames, share, vit = [[test["estimated"] for test in claim["tests"]] for claim in claims]
    printed = table["resnet50", "INT8"]
    assert f"{frames[0]:.1f}" == printed["throughput_fps"]
    assert share[0] == pytest.approx(100 * float(printed["pcie_latency_ms"]) / float(printed["recomputed_latency_ms"]), abs=1e-2)
    assert [f"{value:.2f}" for value in vit] == [table["vit_b_16", p]["latency_ms"] for p in ("FP32", "FP16", "INT8")]
    text = call(root, "claims", *args).stdout
    assert "estimator 117 frames/s, simulated -: not in this matrix" in text and "estimator 75 %, simulated -" in text
    # The table without PCIe, which other claims are about, has the other figure: 2.14 ms is 468 frames/s.
    claim = json.loads(call(root, "claims", "--from", small, "--claim", "K12", "--format", "json").stdout)["claims"][0]
    assert claim["tests"][0]["estimated"] == pytest.approx(2.14, abs=0.005)


def test_what_is_no_directory_of_a_matrix_is_told(root, tmp_path):
    def refused(directory):
        said = call(root, "claims", "--from", directory, code=2).stderr
        assert f"--from '{directory}': " in said and "expected matrix.json, as `cyclescope matrix --out` writes it" in said
        return said

    assert "no such directory" in refused(tmp_path / "none")
    assert "an empty directory" in refused(tmp_path)
    (tmp_path / "points").mkdir()
    assert "without tables, as an interrupted command leaves" in refused(tmp_path)
    (tmp_path / "scaling.json").write_text("{}")
    assert "scaling.json of cyclescope scaling is there" in refused(tmp_path)
    (tmp_path / "scaling.json").rename(tmp_path / "sweep.json")
    assert "sweep.json of cyclescope sweep is there" in refused(tmp_path)


def test_claims_name_the_version_of_the_results(root, small, tmp_path):
    shutil.copytree(small, tmp_path / "m")
    matrix = json.loads((tmp_path / "m" / "matrix.json").read_text())
    (tmp_path / "m" / "matrix.json").write_text(json.dumps({**matrix, "version": "0.0.7 of old"}))
    args = ("claims", "--from", tmp_path / "m", "--format")
    assert json.loads(call(root, *args, "json").stdout)["version"] == "0.0.7 of old"
    assert "cyclescope 0.0.7 of old" in call(root, *args, "markdown").stdout


def test_a_damaged_result_fails_the_evaluation(root, small, tmp_path):
    shutil.copytree(small, tmp_path / "m")
    row = next(row for row in rows_of(small) if row["precision"] == "int8" and row["file"])
    (tmp_path / "m" / row["file"]).write_bytes(b"nothing")
    mine = write_claims(tmp_path / "mine.ini", f"value(latency, kpu-t64/{row['model']}/int8) = 1")
    done = call(root, "claims", "--from", tmp_path / "m", "--claims", mine, code=4)
    assert "cyclescope: error: claim mine could not be evaluated" in done.stderr and row["file"] in done.stderr


def test_wrong_claims_are_refused(root, small, tmp_path):
    def refused(*args):
        return call(root, "claims", *args, code=2).stderr

    assert "--from is missing" in refused()
    assert "matrix.json" in refused("--from", tmp_path)
    assert "'k3'" in refused("--from", small, "--claim", "k3")
    assert "'xml'" in refused("--from", small, "--format", "xml")
    mine = write_claims(tmp_path / "mine.ini", "value(speed, kpu-t64/resnet50/int8) = 1")
    assert "mine.ini:5: mine.check" in refused("--from", small, "--claims", mine)
    mine = write_claims(tmp_path / "mine.ini", "value(latency, kpu-t65/resnet50/int8) = 1")
    assert "mine.ini:5: claim [mine]: 'kpu-t65/resnet50/int8' matches 0 rows" in refused("--from", small, "--claims", mine)


def test_help_shows_examples():
    assert "cyclescope matrix --out all" in cyclescope("matrix", "--help").stdout
    assert "cyclescope claims --from all --claim K1" in cyclescope("claims", "--help").stdout
