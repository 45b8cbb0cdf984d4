"""`cyclescope check`: sums that close, tables, kept results, directories of results, and what is refused."""

import csv
import io
import json
import shutil

import pytest
from conftest import BINARY, MODEL, PLATFORM, ROOT, cyclescope, refuse, succeed

SECONDS = 1e-15


@pytest.fixture(scope="session")
def checked(result_file):
    """The check of the default run."""
    return json.loads(succeed("check", result_file, "--format", "json"))


@pytest.fixture(scope="session")
def directory(tmp_path_factory):
    """Two platforms, as a sweep keeps them."""
    path = tmp_path_factory.mktemp("check") / "sweep"
    assert cyclescope("sweep", "--platform", "kpu-t64,kpu-t256", "--model", MODEL, "--out", path).returncode == 0
    return path


def published(model, platform, precision):
    """The published row, read by a parser of its own: milliseconds and millijoules."""
    with open(ROOT / "configs" / "estimator" / "results.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["variant"], row["model"], row["platform"], row["precision"]) == ("seed", model, platform, precision):
                return float(row["latency_ms"]), float(row["energy_mj"])
    raise KeyError(model)


def test_help_has_examples():
    text = succeed("check", "--help")
    assert "cyclescope check --platform kpu-t64 --model resnet50" in text and "--from" in text


def test_json_has_the_keys_that_scripts_rely_on(checked):
    assert list(checked) == ["schema", "version", "platform", "model", "precision", "precision_label", "batch",
                             "initial_state", "overrides", "estimator", "constants", "roofline_bound", "below_roofline",
                             "latency", "energy"]
    assert (checked["schema"], checked["platform"], checked["model"]) == ("cyclescope-check-1", PLATFORM, MODEL)
    for quantity, unit in (("latency", "fs"), ("energy", "fJ")):
        part = checked[quantity]
        assert list(part) == ["unit", "simulation", "estimates", "split_from", "causes", "operators"]
        assert (part["unit"], part["split_from"]) == (unit, "published")
    assert list(checked["latency"]["estimates"]) == ["published", "recomputed", "roofline"]
    assert list(checked["energy"]["estimates"]) == ["published", "recomputed"]


def test_every_sum_closes_in_integers(checked):
    for quantity in ("latency", "energy"):
        part = checked[quantity]
        assert sum(part["causes"].values()) == part["simulation"] - part["estimates"]["published"]["estimate"]
        assert sum(row["simulation"] for row in part["operators"]) == part["simulation"]
        assert sum(row["estimate"] for row in part["operators"]) == part["estimates"]["published"]["estimate"]
        for row in part["operators"]:
            assert list(row["causes"]) == list(part["causes"])
            assert sum(row["causes"].values()) == row["simulation"] - row["estimate"]
        for cause, share in part["causes"].items():
            assert sum(row["causes"][cause] for row in part["operators"]) == share
        assert part["causes"]["unexplained"] == 0


def test_the_estimate_is_the_published_row_and_the_simulation_that_of_run(checked, result_file):
    latency_ms, energy_mj = published(MODEL, PLATFORM, "INT8")
    assert checked["latency"]["estimates"]["published"]["estimate"] == round(latency_ms * 1e12)
    assert checked["energy"]["estimates"]["published"]["estimate"] == round(energy_mj * 1e12)
    run = json.loads(succeed("run", "--platform", PLATFORM, "--model", MODEL, "--format", "json"))
    assert checked["latency"]["simulation"] == run["latency_fs"]
    assert checked["energy"]["simulation"] == run["energy_fj_total"]
    roofline = checked["latency"]["estimates"]["roofline"]["estimate"]
    assert roofline * SECONDS == pytest.approx(run["roofline_s"])
    # The steps down to the bound end at it; the critical path begins there.
    steps = ["published_digits", "operator_list", "overhead", "size_correction", "bandwidth", "peak", "precision", "views",
             "fusion", "on_chip", "overlap"]
    causes = checked["latency"]["causes"]
    assert list(causes)[: len(steps)] == steps
    assert latency_ms * 1e12 + sum(causes[step] for step in steps) == pytest.approx(roofline, abs=1)
    # Causes that the bound does not consist of are those of the path, whole.
    period = run["clock_period_fs"]
    for cause, leaf in (("launch", "overhead.launch"), ("vector", "useful.vector"), ("mac", "useful.mac")):
        assert causes[cause] == pytest.approx(run["critical_path"][leaf] * period, abs=period * len(run["operators"]))


def test_members_are_the_operators_of_the_trace_once_each(checked):
    names = " ".join(row.get("members", "") for row in checked["latency"]["operators"]).split()
    info = json.loads(succeed("trace", "info", MODEL, "--format", "json"))
    assert len(names) == len(set(names)) == info["operators"]
    first = checked["latency"]["operators"][0]
    assert first["members"] == "/conv1/Conv /bn1/BatchNormalization /relu/Relu"
    assert first["ops"] == 2 * 118013952 + 5 * 802816  # batch norm 4 and ReLU 1 per element


def test_a_wrong_constant_moves_its_own_cause(checked, result_file):
    def changed(constant):
        other = json.loads(succeed("check", result_file, "--constant", constant, "--format", "json"))
        assert other["latency"]["split_from"] == "recomputed"
        published_steps = {"published_digits", "operator_list"}
        return {quantity: {cause for cause, share in other[quantity]["causes"].items()
                           if share != checked[quantity]["causes"][cause]} - published_steps
                for quantity in ("latency", "energy")}

    assert changed("bandwidth=60 GB/s") == {"latency": {"bandwidth"}, "energy": {"latency"}}
    assert changed("operator_overhead=1 us") == {"latency": {"overhead"}, "energy": {"latency"}}
    assert changed("energy_per_byte=24 pJ") == {"latency": set(), "energy": {"energy_per_byte"}}
    assert changed("energy_per_op=1 pJ") == {"latency": set(), "energy": {"energy_per_op"}}
    assert changed("peak_int8=6000 GOPS") == {"latency": {"peak"}, "energy": {"latency"}}


def test_table_names_what_is_compared(result_file):
    text = succeed("check", result_file, "--operators", "3")
    for words in ("published", "recomputed for the trace", "roofline, bound by memory", "bytes at the precision used",
                  "= roofline; from here on the critical path", "unexplained rest", "(3 of "):
        assert words in text, words
    assert "of operators, largest" not in succeed("check", result_file, "--operators", "0")


def test_csv_has_a_row_per_operator_and_a_total(checked, result_file):
    rows = list(csv.DictReader(io.StringIO(succeed("check", result_file, "--format", "csv"))))
    assert len(rows) == 2 * (len(checked["latency"]["operators"]) + 1)
    totals = [row for row in rows if row["operator"] == "total"]
    assert [(row["quantity"], int(row["simulation"])) for row in totals] == [
        (quantity, checked[quantity]["simulation"]) for quantity in ("latency", "energy")]
    assert int(totals[0]["cause.noc"]) == checked["latency"]["causes"]["noc"]
    assert totals[1]["cause.fill"] == ""  # no cause of energy


def test_a_run_is_simulated_and_checked(checked):
    text = succeed("check", "--platform", PLATFORM, "--model", MODEL, "--format", "json")
    assert json.loads(text) == checked


def test_statistics_of_a_directory(directory):
    result = json.loads(succeed("check", "--from", directory, "--format", "json"))
    assert list(result) == ["schema", "version", "runs", "hypothetical", "operators", "below_roofline", "residuals",
                            "causes", "rankings", "checks", "left_out", "failed"]
    assert (result["schema"], result["runs"], result["below_roofline"]) == ("cyclescope-check-many-1", 2, [])
    points = json.loads((directory / "sweep.json").read_text())["points"]
    assert sorted(check["file"] for check in result["checks"]) == sorted(point["file"] for point in points)
    assert sorted(check["latency_fs"]["simulation"] for check in result["checks"]) == sorted(
        point["latency_fs"] for point in points)
    residuals = []
    for point in points:
        latency_ms, _ = published(MODEL, point["platform"], point["precision"].upper())
        residuals.append(round(latency_ms * 1e12) / point["latency_fs"] - 1)
    residuals.sort()
    runs = next(row for row in result["residuals"] if (row["quantity"], row["by"], row["name"]) ==
                ("latency", "runs", "estimator"))
    assert runs["count"] == 2
    assert runs["median"] == pytest.approx(sum(residuals) / 2)
    assert (runs["p5"], runs["p95"]) == (pytest.approx(residuals[0]), pytest.approx(residuals[1]))
    assert runs["worst"] == pytest.approx(max(residuals, key=abs))
    for by in ("type", "intensity", "bound"):
        counts = [row["count"] for row in result["residuals"] if (row["quantity"], row["by"]) == ("latency", by)]
        assert sum(counts) == result["operators"]
    for ranking in result["rankings"]:
        assert ranking["platforms"] == ["kpu-t256", "kpu-t64"]
        assert ranking["kendall_tau_b"] is None and ranking["spearman"] is None
        assert "rank statistics need 3" in ranking["message"]
        assert ranking["regret"] == 0 if not ranking["inversions"] else ranking["regret"] > 0
    assert "rank statistics need 3" in succeed("check", "--from", directory)
    rows = list(csv.DictReader(io.StringIO(succeed("check", "--from", directory, "--format", "csv"))))
    assert sum(row["by"] == "platforms" for row in rows) == len(result["rankings"])


def test_results_without_an_estimate_are_left_out_by_name(result_file, tmp_path):
    (tmp_path / "good.h5").write_bytes(result_file.read_bytes())
    (tmp_path / "again.h5").write_bytes(result_file.read_bytes())
    (tmp_path / "other.h5").write_bytes((ROOT / "traces" / "library" / "resnet50.h5").read_bytes())
    result = json.loads(succeed("check", "--from", tmp_path, "--format", "json"))
    assert result["runs"] == 1
    assert [left["file"] for left in result["left_out"]] == ["good.h5", "other.h5"]
    assert "another result" in result["left_out"][0]["reason"]
    assert "not a result of this version" in result["left_out"][1]["reason"]


@pytest.mark.parametrize("place, size", [("ruined.h5", 5000), ("points/ruined.h5", 5000), ("points/ruined.h5", 0)])
def test_a_damaged_result_that_no_table_names_exits_4_in_every_format(place, size, result_file, tmp_path):
    ruined = tmp_path / place
    ruined.parent.mkdir(exist_ok=True)
    ruined.with_name("good.h5").write_bytes(result_file.read_bytes())
    ruined.write_bytes(result_file.read_bytes()[:size])
    args = ("check", "--from", tmp_path, "--format")
    result = json.loads(refuse(*args, "json", naming=["1 run failed", place], code=4).stdout)
    assert (result["runs"], [failed["file"] for failed in result["failed"]]) == (1, [place])
    rows = list(csv.DictReader(io.StringIO(refuse(*args, "csv", naming=place, code=4).stdout)))
    failed = [row for row in rows if row["by"] == "failed"]
    assert [(row["name"], row["message"]) for row in failed] == [(place, result["failed"][0]["reason"])]
    assert f"\nFailed\n  {place}: " in refuse(*args, "table", naming=place, code=4).stdout


def test_csv_lists_what_was_left_out(result_file, tmp_path):
    for name in ("a.h5", "b.h5"):
        (tmp_path / name).write_bytes(result_file.read_bytes())
    rows = list(csv.DictReader(io.StringIO(succeed("check", "--from", tmp_path, "--format", "csv"))))
    left_out = [(row["name"], row["message"]) for row in rows if row["by"] == "left_out"]
    assert left_out == [("b.h5", f"another result of {MODEL} on {PLATFORM}, int8, steady, batch 1")]


def test_hypothetical_machines_have_statistics_of_their_own(result_file, tmp_path):
    (tmp_path / "real.h5").write_bytes(result_file.read_bytes())
    succeed("run", "--platform", PLATFORM, "--model", MODEL, "--set", "sim.ideal=operands", "--out", tmp_path / "set.h5")
    succeed("run", "--platform", f"{PLATFORM}@estimator", "--model", MODEL, "--out", tmp_path / "twin.h5")
    result = json.loads(succeed("check", "--from", tmp_path, "--format", "json"))
    assert (result["runs"], result["hypothetical"], result["left_out"]) == (3, 2, [])
    machines = {check["file"]: check["machines"] for check in result["checks"]}
    assert machines == {"real.h5": "catalogue", "set.h5": "hypothetical", "twin.h5": "hypothetical"}
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "real.h5").write_bytes(result_file.read_bytes())
    real = json.loads(succeed("check", "--from", alone, "--format", "json"))
    for table in ("residuals", "causes"):
        assert real[table] == [row for row in result[table] if row["machines"] == "catalogue"]
    counts = {row["machines"]: row["count"] for row in result["residuals"]
              if (row["quantity"], row["by"], row["name"]) == ("energy", "runs", "estimator")}
    assert counts == {"catalogue": 1, "hypothetical": 2}
    text = succeed("check", "--from", tmp_path)
    assert "2 runs of hypothetical machines" in text and "Residuals of energy, runs, hypothetical machines" in text
    assert "hypothetical" not in succeed("check", "--from", alone)
    rows = list(csv.DictReader(io.StringIO(succeed("check", "--from", tmp_path, "--format", "csv"))))
    assert {row["machines"] for row in rows if row["by"] == "cause"} == {"catalogue", "hypothetical"}


def test_a_damaged_result_that_a_table_names_exits_4(directory, tmp_path):
    shutil.copytree(directory, tmp_path / "copy")
    ruined = json.loads((directory / "sweep.json").read_text())["points"][0]["file"]
    (tmp_path / "copy" / ruined).write_bytes((directory / ruined).read_bytes()[:5000])
    done = refuse("check", "--from", tmp_path / "copy", "--format", "json", naming=["1 run failed", ruined], code=4)
    result = json.loads(done.stdout)
    assert (result["runs"], [failed["file"] for failed in result["failed"]]) == (1, [ruined])


def below_its_roofline(result, path):
    """A copy of a result whose roofline is longer than its latency, sealed again as SCHEMA.md says."""
    h5py = pytest.importorskip("h5py")
    path.write_bytes(result.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs.modify("roofline_fs", file.attrs["makespan_fs"] + 1)
    body = path.read_bytes()[512:]
    checksum = 0xCBF29CE484222325
    for byte in body:
        checksum = (checksum ^ byte) * 0x100000001B3 & (1 << 64) - 1
    path.write_bytes(f"cyclescope-run-1 {checksum:016x} {len(body)}\n".encode().ljust(512, b"\0") + body)


def test_a_run_below_its_roofline_exits_4(result_file, tmp_path):
    below_its_roofline(result_file, tmp_path / "fast.h5")
    done = refuse("check", tmp_path / "fast.h5", "--format", "json", naming=["below the roofline", MODEL, PLATFORM], code=4)
    assert json.loads(done.stdout)["below_roofline"] is True
    done = refuse("check", "--from", tmp_path, "--format", "json", naming="1 run below the roofline", code=4)
    assert json.loads(done.stdout)["below_roofline"] == [f"{MODEL} on {PLATFORM}, int8, steady, batch 1"]


def test_what_failed_enters_no_statistics_and_exits_4(directory, tmp_path):
    summary = json.loads((directory / "sweep.json").read_text())
    good, bad = summary["points"]
    row = {key: bad[key] for key in ("platform", "model", "precision", "initial_state", "file")}
    rows = [{**row, **{"file": good["file"], "status": "simulated", "reason": None}},
            {**row, **{"status": "failed", "reason": "law 'bytes' is broken: one lost"}}]
    (tmp_path / "points").mkdir()
    for point in (good, bad):
        (tmp_path / point["file"]).write_bytes((directory / point["file"]).read_bytes())
    (tmp_path / "matrix.json").write_text(json.dumps({"rows": rows}))
    done = refuse("check", "--from", tmp_path, "--format", "json", naming=["1 run failed", bad["file"], "one lost"], code=4)
    result = json.loads(done.stdout)
    assert [check["file"] for check in result["checks"]] == [good["file"]]
    assert result["failed"] == [{"file": bad["file"], "reason": "law 'bytes' is broken: one lost"}]
    rows[1]["file"] = None
    (tmp_path / "matrix.json").write_text(json.dumps({"rows": rows}))
    done = refuse("check", "--from", tmp_path, naming=f"{bad['model']} on {bad['platform']}, int8, steady", code=4)
    assert "\nFailed\n" in done.stdout


def test_bad_input_is_refused_in_one_line(result_file, tmp_path):
    refuse("check", naming="nothing to check")
    refuse("check", result_file, "--platform", PLATFORM, naming="--platform")
    refuse("check", result_file, "--state", "cold", naming="--state")
    refuse("check", "--from", tmp_path, "--precision", "fp16", naming="--precision")
    refuse("check", result_file, "--from", tmp_path, naming="one of the two")
    refuse("check", result_file, "extra", naming="extra")
    refuse("check", "--from", tmp_path, naming="no results there")
    refuse("check", "--from", tmp_path / "none", naming="no such directory")
    refuse("check", tmp_path / "none.h5", naming="none.h5")
    refuse("check", result_file, "--operators", "many", naming="--operators 'many'")
    said = refuse("check", result_file, "--constant", "bandwith=1 GB/s", naming="--constant bandwith=1 GB/s: ").stderr
    assert "--set" not in said
    refuse("check", result_file, "--constant", "bandwidth=fast", naming="--constant bandwidth=fast: 'fast'")
    refuse("check", result_file, "--format", "xml", naming="xml")
    refuse("check", result_file, "--model", "vit_b_16", naming="expected the trace that was simulated")
    (tmp_path / "broken.h5").write_bytes(b"no result")
    refuse("check", "--from", tmp_path, naming=["no result has an estimate", "broken.h5"])


def test_the_hypothetical_twin_differs_by_no_constant_of_rate():
    result = json.loads(succeed("check", "--platform", "kpu-t64@estimator", "--model", MODEL, "--format", "json"))
    assert result["estimator"] == "kpu-t64"
    # Same bandwidth; the peak differs in that other operations than MACs do not take the arrays.
    assert result["latency"]["causes"]["bandwidth"] == 0
    assert result["latency"]["estimates"]["roofline"]["relative_residual"] <= 0


def test_the_program_lists_the_command():
    assert "check" in succeed("--help") and BINARY.is_file() and cyclescope("check", "--help").returncode == 0
