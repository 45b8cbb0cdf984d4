"""scripts/check-layers finds a planted violation of every kind, and nothing in a tree that follows the layers."""

import pathlib
import subprocess

import pytest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check-layers"

SOUND = {
    "sim/base/error.h": "#include <string>\n",
    "sim/config/settings.h": '#include "sim/base/error.h"\n',
    "sim/kernel/clock.h": '#include <systemc>\n#include "sim/base/error.h"\n',
    "sim/memory/dram/controller.h": '#include <tlm>\n#include "sim/kernel/clock.h"\n',
    "sim/machine/machine.h": '#include "sim/memory/dram/controller.h"\n',
    "traces/reader.cpp": "#include <hdf5.h>\n",
    "arch/kpu/kpu.h": '#include "sim/machine/machine.h"\n#include "arch/kpu/topology.h"\n',
    "arch/kpu/topology.h": '// #include "arch/gpu/gpu.h"\n',
    "arch/gpu/gpu.h": '#include "sim/config/settings.h"\n',
    "sim/results/hdf5.h": "",
    "sim/run/main.cpp": '#include "arch/kpu/kpu.h"\n#include "sim/results/hdf5.h"\n',
    "tests/kernel/clock_test.cpp": '#include <systemc>\n#include "sim/kernel/clock.h"\n',
    "README.md": "",
    ".clang-format": "",
    "build/release/anything.h": '#include "nothing"\n',
}

PLANTED = [
    ("sim/base/up.h", '\n#include "sim/config/settings.h"\n', "sim/base/up.h:2: sim/base (row 0) includes sim/config"),
    ("sim/machine/m.cpp", '#include "arch/kpu/kpu.h"\n', "sim/machine/m.cpp:1: sim/machine (row 3) includes arch/kpu"),
    ("arch/gpu/g.h", '#include "arch/kpu/kpu.h"\n', "arch/gpu/g.h:1: arch/gpu includes arch/kpu; the folders of arch/"),
    ("sim/compute/c.h", "#include <systemc>\n", "sim/compute/c.h:1: sim/compute includes <systemc>; only sim/kernel"),
    ("sim/noc/n.h", "#include <tlm_utils/x.h>\n", "sim/noc/n.h:1: sim/noc includes <tlm_utils/x.h>; only sim/kernel"),
    ("sim/run/r.cpp", "#  include <hdf5/serial/hdf5.h>\n", "sim/run/r.cpp:1: sim/run includes <hdf5/serial/hdf5.h>"),
    ("sim/ledger/l.cpp", '#include "H5Cpp.h"\n', "sim/ledger/l.cpp:1: sim/ledger includes <H5Cpp.h>; only sim/results"),
    ("sim/base/b.cpp", '#include "error.h"\n', 'sim/base/b.cpp:1: "error.h" is no path from the repository root'),
    ("sim/base/d.cpp", '#include "sim/base/../run/x.h"\n', 'sim/base/d.cpp:1: "sim/base/../run/x.h" is no path from'),
    ("sim/run/t.cpp", '#include "tests/x/y.h"\n', 'sim/run/t.cpp:1: sim/run includes "tests/x/y.h"; only tests may'),
    ("sim/extra/e.h", "", "sim/extra/e.h:1: sim/extra stands in no row"),
    ("sim/e.h", "", "sim/e.h:1: sim stands in no row"),
    ("docs/index.md", "", "docs:1: does not belong to the top level"),
]


def plant(root, files):
    """Writes files, {path: text}, below root."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def check(root):
    """Runs the check; returns (exit code, lines of output)."""
    done = subprocess.run([str(CHECK), str(root)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_sound_tree_passes(tmp_path):
    plant(tmp_path, SOUND)
    assert check(tmp_path) == (0, ["11 files, 13 includes: layers hold"])


@pytest.mark.parametrize(("path", "text", "message"), PLANTED, ids=[row[0] for row in PLANTED])
def test_planted_violation_is_the_only_one_found(tmp_path, path, text, message):
    plant(tmp_path, {**SOUND, path: text})
    code, lines = check(tmp_path)
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(message)


def test_cycle_within_a_row_names_every_include_of_it(tmp_path):
    plant(tmp_path, SOUND)
    plant(tmp_path, {
        "sim/noc/a.h": '#include "sim/host/b.h"\n',
        "sim/host/b.h": '#include "sim/compute/c.h"\n',
        "sim/compute/c.h": '#include "sim/base/error.h"\n#include "sim/noc/d.h"\n#include "sim/memory/e.h"\n',
        "sim/noc/d.h": "",
        "sim/memory/e.h": "",
    })
    code, lines = check(tmp_path)
    assert code == 1
    assert lines == [
        "sim/compute/c.h:2: sim/compute includes sim/noc, which leads back: a cycle of folders",
        "sim/host/b.h:1: sim/host includes sim/compute, which leads back: a cycle of folders",
        "sim/noc/a.h:1: sim/noc includes sim/host, which leads back: a cycle of folders",
    ]


def test_top_level_counts_what_git_tracks(tmp_path):
    plant(tmp_path, {**SOUND, "stray.h5": ""})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert check(tmp_path)[0] == 0
    subprocess.run(["git", "-C", str(tmp_path), "add", "stray.h5"], check=True)
    assert check(tmp_path) == (1, ["stray.h5:1: does not belong to the top level, which is fixed"])


def test_wrong_root_is_refused(tmp_path):
    assert check(tmp_path)[0] == 2
