"""Every bad input: its exit code, exactly one line that names it, and no output file."""

import os

import pytest
from conftest import LIBRARY, MODEL, PLATFORM, refuse

RUN = ("run", "--platform", PLATFORM, "--model", MODEL)


def refuse_run(tmp_path, *args, naming, code=2, base=RUN):
    """A refused run that was to write a result."""
    refuse(*base, *args, "--out", tmp_path / "run.h5", naming=naming, code=code)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args, naming",
    [
        ((), "no command"),
        (("rum",), ["'rum'", "did you mean 'run'"]),
        (("--versoin",), ["'--versoin'", "did you mean '--version'"]),
        (("frobnicate",), "'frobnicate'"),
        (("",), "''"),
        (("line\nbreak",), "line?break"),
        (("list", "extra"), "'extra'"),
        (("show",), "PLATFORM"),
        (("show", "a", "b"), "'b'"),
        (("show", "kpu-t65"), ["'kpu-t65'", "did you mean 'kpu-t64'"]),
        (("run",), "--platform"),
        (("run", "--platform", PLATFORM), "--model"),
        (("run", "--platfrom", PLATFORM), ["'--platfrom'", "did you mean '--platform'"]),
        (("run", "--plat", PLATFORM), "'--plat'"),
        (("run", "-x"), "-x"),
        (("run", "--platform"), "--platform"),
        ((*RUN, "--platform", PLATFORM), "--platform"),
        ((*RUN, "stray"), "'stray'"),
        ((*RUN, "--strict-precision=maybe"), "strict-precision"),
        (("explain",), "nothing to explain"),
        (("explain", "--mapping"), "--platform"),
        (("explain", "a.h5", "--mapping"), "a.h5"),
        (("explain", "nosuch.h5"), "nosuch.h5"),
        (("explain", "a.h5", "--platform", "kpu-t64"), ["--platform", "a.h5", "--mapping"]),
        (("explain", "nosuch.h5", "--format", "xml"), "'xml'"),
        (("explain", LIBRARY / f"{MODEL}.h5"), ["not a result", MODEL]),
        (("trace",), "info or verify"),
        (("trace", "inof"), ["'inof'", "did you mean 'info'"]),
        (("trace", "info"), "MODEL|FILE"),
        (("trace", "info", "nosuch"), ["'nosuch'", MODEL]),
        (("trace", "info", MODEL, "--format", "csv"), "csv"),
        (("trace", "verify"), "FILE"),
        (("trace", "verify", "nosuch.h5"), "nosuch.h5"),
        (("trace", "verify", "/dev/null"), "/dev/null"),
    ],
)
def test_a_wrong_command_line_is_refused(args, naming):
    refuse(*args, naming=naming)


@pytest.mark.parametrize(
    "args, naming",
    [
        (("--precision", "int7"), ["'int7'", "int8"]),
        (("--precision", "INT9"), ["'INT9'", "int8"]),
        (("--state", "warm"), ["'warm'", "steady or cold"]),
        (("--batch", "0"), "'0'"),
        (("--batch", "-4"), "-4"),
        (("--batch=-4",), "'-4'"),
        (("--batch", "two"), "'two'"),
        (("--batch", "1.5"), "'1.5'"),
        (("--batch", "99999999999999999999"), "'99999999999999999999'"),
        (("--format", "xml"), ["'xml'", "table, json, csv"]),
        (("--set", "clock.fabric"), "clock.fabric"),
        (("--set", "clock.fabrik=475 MHz"), ["clock.fabrik", "clock.fabric"]),
        (("--set", "clock.fabric="), "clock.fabric"),
        (("--set", "clock.fabric=fast"), ["clock.fabric", "fast"]),
        (("--set", "clock.fabric=475 ns"), ["clock.fabric", "ns"]),
        (("--set", "clock.fabric=1 Hz"), ["clock.fabric", "1 Hz"]),
        (("--set", "clock.fabric=99 GHz"), ["clock.fabric", "99 GHz"]),
        (("--set", "=475 MHz"), "=475 MHz"),
        (("--set", "kpu.tiles=-4"), ["kpu.tiles", "-4"]),
        (("--set", "kpu.tiles=0"), ["kpu.tiles", "0"]),
        (("--set", "kpu.tiles=64.5"), ["kpu.tiles", "64.5"]),
        (("--set", "kpu.tiles=99999999999999999999"), ["kpu.tiles", "99999999999999999999"]),
        (("--set", "kpu.tiles=64 bananas"), ["kpu.tiles", "bananas"]),
        (("--set", "memory.port_bandwidth=64"), ["memory.port_bandwidth=64", "memory.ideal=port"]),
        (("--set", "memory.port_energy=1", "--set", "memory.ideal=on"), ["memory.port_energy", "memory.ideal=port"]),
    ],
)
def test_a_wrong_value_is_refused(tmp_path, args, naming):
    refuse_run(tmp_path, *args, naming=naming)


def test_an_unknown_platform_is_refused(tmp_path):
    base = ("run", "--platform", "kpu-t65", "--model", MODEL)
    refuse_run(tmp_path, naming=["'kpu-t65'", "kpu-t64"], base=base)
    base = ("run", "--platform", "./nosuch.ini", "--model", MODEL)
    refuse_run(tmp_path, naming="nosuch.ini", base=base)


def test_an_unknown_model_is_refused(tmp_path):
    base = ("run", "--platform", PLATFORM, "--model", "resnet51")
    refuse_run(tmp_path, naming=["'resnet51'", MODEL], base=base)


def test_an_empty_output_name_is_refused():
    refuse(*RUN, "--out", "", naming="cannot write")


def test_what_is_not_modelled_is_exit_3(tmp_path):
    refuse_run(tmp_path, "--precision", "int4", naming=["int4", "int8"], code=3)


def test_strict_precision_refuses_a_fallback(tmp_path):
    # FP16 runs at the BF16 rate instead, FP32 on the tiles that have it; the first product is named.
    for precision, why in (("fp16", "runs at bf16 (substituted):"), ("FP32", "runs at fp32 (fallback):")):
        refuse_run(
            tmp_path,
            "--precision",
            precision,
            "--strict-precision",
            naming=["/conv1/Conv", why, "--strict-precision"],
            code=3,
        )


@pytest.mark.parametrize(
    "text, naming",
    [
        ("[platform]\nfamily = abacus | assumed | test\n", ["platform.family", "abacus", "kpu"]),
        ("[platform]\ndescription = none | assumed | test\n", "platform.family"),
        ("[platform]\nfamily = kpu | assumed | test\nfamily = kpu | assumed | test\n", ["chip.ini:3", "family"]),
        ("not a setting\n", ["chip.ini:1", "not a setting"]),
        ("base = nosuch.ini\n", "nosuch.ini"),
        ("base = chip.ini\n", "chip.ini"),
        (
            "[platform]\nfamily = kpu | assumed | test\n[clock]\nfabrik = 1 MHz | assumed | test\n",
            ["chip.ini:4", "clock.fabrik"],
        ),
        ("[platform]\nfamily = kpu | assumed | test\n[clock]\nfabric = 475 MHz\n", ["chip.ini:4", "confidence"]),
        ("[platform]\nfamily = kpu | guessed | test\n", ["chip.ini:2", "guessed"]),
        ("[platform]\nfamily = kpu | assumed | test\n", "chip.ini"),
    ],
)
def test_a_wrong_platform_file_is_refused(tmp_path, text, naming):
    file = tmp_path / "chip.ini"
    file.write_text(text)
    refuse("show", file, naming=naming)
    out = tmp_path / "out"
    out.mkdir()
    refuse_run(out, naming=naming, base=("run", "--platform", file, "--model", MODEL))


def test_a_root_without_data_is_refused(tmp_path):
    refuse("list", env={**os.environ, "CYCLESCOPE_ROOT": str(tmp_path)}, naming=["CYCLESCOPE_ROOT", str(tmp_path)])
