"""What each command prints when all is well."""

import csv
import io
import json
import os
import re
import shutil

import pytest
from conftest import BINARY, LIBRARY, MODEL, PLATFORM, ROOT, cyclescope, run_json, succeed

RUN = ("run", "--platform", PLATFORM, "--model", MODEL)


def test_version_is_that_of_the_project():
    declared = re.search(r"project\(cyclescope VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert succeed("--version") == f"cyclescope {declared}\n"


@pytest.mark.parametrize(
    "command", [(), ("list",), ("show",), ("run",), ("explain",), ("trace", "info"), ("trace", "verify")]
)
def test_help_has_examples(command):
    text = succeed(*command, "--help")
    assert "Usage: cyclescope " + " ".join(command) in text
    assert "Examples\n  cyclescope " in text


def test_trace_help_names_both_actions():
    text = succeed("trace", "--help")
    assert "trace info" in text and "trace verify" in text


def test_list_names_platforms_models_and_precisions():
    text = succeed("list")
    for word in [PLATFORM, *(path.stem for path in LIBRARY.glob("*.h5")), "int4 int8 bf16 fp16 fp32"]:
        assert word in text
    described = next(line for line in text.splitlines() if line.split()[:1] == [PLATFORM])
    assert described.split()[1] == "kpu" and len(described.split()) > 2


def test_show_prints_every_setting_and_honours_set():
    text = succeed("show", PLATFORM)
    assert re.search(r"^clock\.fabric +475 MHz +published ", text, re.M)
    text = succeed("show", PLATFORM, "--set", "clock.fabric=500 MHz", "--set", "kpu.tiles=64")
    assert re.search(r"^clock\.fabric +500 MHz +assumed +--set ", text, re.M)


def test_run_prints_the_summary_and_the_path():
    text = succeed(*RUN)
    for words in [f"{MODEL} on {PLATFORM}, int8", "steady state", "Simulated", "Estimated lower bound",
                  "Where the cycles went", "Operators with most exposed cycles", "all hold"]:
        assert words in text


@pytest.mark.parametrize("options, state", [((), "steady"), (("--state", "cold"), "cold")])
def test_run_json_closes(options, state):
    result = json.loads(run_json(*options))
    assert result["schema"] == "cyclescope-run-1"
    assert (result["platform"], result["model"], result["precision"]) == (PLATFORM, MODEL, "int8")
    assert (result["initial_state"], result["batch"]) == (state, 1)
    assert sum(result["critical_path"].values()) == result["cycles"] > 0
    assert sum(result["energy_fj"].values()) == result["energy_fj_total"]
    assert result["energy_j"] == result["energy_fj_total"] / 1e15
    assert result["latency_s"] >= result["roofline_s"] > 0
    assert result["macs"] == json.loads(succeed("trace", "info", MODEL, "--format", "json"))["macs"]
    assert 0 < result["utilisation"] <= 1
    assert all(law["holds"] for law in result["laws"])
    exposed = sum(sum(op["exposed"].values()) for op in result["operators"])
    assert exposed <= result["cycles"]


def test_run_csv_has_a_row_per_operator():
    rows = list(csv.DictReader(io.StringIO(succeed(*RUN, "--format", "csv"))))
    operators = json.loads(run_json())["operators"]
    assert [row["name"] for row in rows] == [op["name"] for op in operators]
    assert [int(row["exposed_cycles"]) for row in rows] == [sum(op["exposed"].values()) for op in operators]


def test_run_takes_a_trace_file_and_a_platform_file():
    files = ("--platform", ROOT / "configs" / "platforms" / f"{PLATFORM}.ini", "--model", LIBRARY / f"{MODEL}.h5")
    assert succeed("run", *files, "--format", "json") == run_json()


def test_explain_prints_the_path_three_ways(result_file):
    text = succeed("explain", result_file)
    assert "By cause" in text and "By operator" in text and "By lane" in text
    result = json.loads(succeed("explain", result_file, "--format", "json"))
    for way in ["by_cause", "by_operator", "by_lane"]:
        assert sum(share["cycles"] for share in result[way]) == result["cycles"]
    rows = list(csv.DictReader(io.StringIO(succeed("explain", result_file, "--format", "csv"))))
    assert sum(int(row["cycles"]) for row in rows if row["by"] == "lane") == result["cycles"]


def test_explain_mapping_covers_all_macs():
    mapping = ("explain", "--mapping", "--platform", PLATFORM, "--model", MODEL)
    rows = json.loads(succeed(*mapping, "--format", "json"))
    macs = json.loads(succeed("trace", "info", MODEL, "--format", "json"))["macs"]
    assert sum(row["macs"] for row in rows) == macs
    assert len(list(csv.DictReader(io.StringIO(succeed(*mapping, "--format", "csv"))))) == len(rows)
    assert "l3_bytes_per_tile" in succeed(*mapping)


def test_trace_info_is_exact():
    text = succeed("trace", "info", MODEL)
    info = json.loads(succeed("trace", "info", LIBRARY / f"{MODEL}.h5", "--format", "json"))
    # torchvision states 25,557,032 parameters and 4.09 GMACs for its ResNet-50.
    assert info["parameters"] == 25_557_032
    assert round(info["macs"] / 1e9, 2) == 4.09
    assert f"{info['macs']:,}" in text and f"{info['parameters']:,}" in text
    assert sum(kind["macs"] for kind in info["by_type"].values()) == info["macs"]
    assert sum(kind["operators"] for kind in info["by_type"].values()) == info["operators"]
    assert info["compulsory_bytes"]["fp32"] == 4 * info["compulsory_bytes"]["int8"]


def test_trace_verify_names_each_file():
    files = sorted(LIBRARY.glob("*.h5"))
    lines = succeed("trace", "verify", *files).splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(path) for path in files]
    assert all(line.endswith(": verified") for line in lines)


def test_data_is_found_from_anywhere(tmp_path):
    assert PLATFORM in succeed("list", cwd=tmp_path)


def test_another_root_is_used(tmp_path):
    platforms = tmp_path / "configs" / "platforms"
    platforms.mkdir(parents=True)
    lines = ["[platform]", "family = kpu | assumed | test", "description = my own | assumed | test"]
    (platforms / "mine.ini").write_text("\n".join(lines) + "\n")
    (tmp_path / "traces" / "library").mkdir(parents=True)
    shutil.copy(LIBRARY / f"{MODEL}.h5", tmp_path / "traces" / "library" / "only.h5")
    text = succeed("list", env={**os.environ, "CYCLESCOPE_ROOT": str(tmp_path)})
    assert "mine" in text and "only" in text and PLATFORM not in text


def test_the_program_needs_no_environment():
    assert BINARY.is_file()
    assert cyclescope("list", env={}).returncode == 0
