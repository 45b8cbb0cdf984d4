"""The hash of the program's sources, by which points of sweeps know the program that simulated them."""

import hashlib
import subprocess

import pytest
from conftest import ROOT

SCRIPT = ROOT / "sim" / "run" / "source_hash.cmake"


def hash_of(root, names, out):
    """What the build writes for these sources."""
    (out / "list").write_text("".join(name + "\n" for name in names))
    subprocess.run(["cmake", "-D", f"ROOT={root}", "-D", f"LIST={out / 'list'}", "-D", f"OUT={out / 'hash.cpp'}", "-P",
                    str(SCRIPT)], check=True, cwd=out, timeout=60)
    text = (out / "hash.cpp").read_text()
    return text.split('return "')[1].split('"')[0]


@pytest.fixture
def tree(tmp_path):
    """A function that makes a directory of sources."""

    def make(name, sources):
        for path, text in sources.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return tmp_path / name

    return make


def test_it_depends_on_names_and_contents_only(tree, tmp_path):
    sources = {"sim/b.cpp": "int b;\n", "sim/b/a.h": "", "arch/x.cpp": "int x;\r\n"}
    names = sorted(sources)
    one = hash_of(tree("one", sources), names, tmp_path)
    assert hash_of(tree("far/away/two", sources), names[::-1], tmp_path) == one
    assert hash_of(tree("three", {**sources, "sim/b.cpp": "int c;\n"}), names, tmp_path) != one
    assert hash_of(tree("four", {**sources, "sim/c.cpp": ""}), [*names, "sim/c.cpp"], tmp_path) != one
    lines = [f"{hashlib.sha256(sources[name].encode()).hexdigest()}  {name}\n" for name in names]
    assert one == hashlib.sha256("".join(lines).encode()).hexdigest()
