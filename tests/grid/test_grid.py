"""A thinned grid over the KPU family: four models, three precisions, three memories, 1 to 1024 tiles (DeepLabV3 in FP32 and
FCN in BF16 and FP32 with ideal operands only, which meet no memory). On every point the
decomposition of lost efficiency closes in integers, MACs and slots are those counted by hand, and all laws hold (a broken
one exits 4)."""

import json
import os
import subprocess

import pytest

BINARY = os.environ.get("CYCLESCOPE_BINARY", "build/release/cyclescope")
MACS = {"resnet50": 4_089_184_256, "vit_b_16": 17_563_828_224, "deeplabv3_resnet50": 31_310_548_992,
        "fcn_resnet50": 26_484_498_432}  # as `trace info` counts them; the library's own tests recount
QUARTERS = {"int8": 4, "bf16": 2, "fp16": 2, "fp32": 1}  # per PE and clock of a tile that executes the precision

IDEAL = ["sim.ideal=operands"]  # where a whole run would take too long for a test
# model, precision, memory, tiles, more settings
GRID = [
    ("resnet50", "int8", "constant,scaled,ideal", "1,16,256", []),
    ("resnet50", "int8", "constant", "64,1024", []),
    ("resnet50", "bf16", "constant,scaled", "8,64", []),
    ("resnet50", "fp16", "ideal", "64,100", []),
    ("resnet50", "fp32", "constant,ideal", "1,8", []),
    ("vit_b_16", "int8", "constant,ideal", "64", []),
    ("vit_b_16", "bf16", "scaled", "32", []),
    ("vit_b_16", "bf16", "constant", "1,64,1024", IDEAL),
    ("vit_b_16", "fp32", "scaled", "64", []),
    ("vit_b_16", "fp32", "constant", "1,16,1024", IDEAL),
    ("deeplabv3_resnet50", "int8", "scaled", "1024", []),
    ("deeplabv3_resnet50", "bf16", "ideal", "64", []),
    ("deeplabv3_resnet50", "fp32", "constant", "1,64,1024", IDEAL),
    ("fcn_resnet50", "int8", "ideal", "48", []),
    ("fcn_resnet50", "bf16", "constant", "1,1024", IDEAL),
    ("fcn_resnet50", "fp32", "scaled", "2,256", IDEAL),
]


def executing_tiles(tiles, precision):
    """FP32 runs on BF16-primary tiles alone: 13 of 64, rounded half up, at least one."""
    return max(1, (2 * tiles * 13 + 64) // (2 * 64)) if precision == "fp32" else tiles


@pytest.mark.parametrize("model, precision, memory, tiles, settings", GRID)
def test_the_decomposition_closes(model, precision, memory, tiles, settings):
    sets = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([BINARY, "scaling", "--platform", "kpu-t64", "--model", model, "--precision", precision,
                           "--memory", memory, "--tiles", tiles, "--state", "cold", "--format", "json", *sets],
                          capture_output=True, text=True, timeout=900)  # a hang, not slowness
    assert done.returncode == 0, done.stderr
    series = json.loads(done.stdout)["series"]
    assert [one["memory"] for one in series] == memory.split(",")
    for one in series:
        assert [point["size"] for point in one["points"]] == [int(size) for size in tiles.split(",")]
        base = one["points"][0]
        for point in one["points"]:
            capacity = executing_tiles(point["size"], precision) * 32 * 32 * QUARTERS[precision]
            assert point["slots_per_cycle"] == capacity
            assert point["slots"] == capacity * point["cycles"]
            assert point["useful_slots"] == 4 * MACS[model]
            assert point["slots"] == point["useful_slots"] + sum(point["lost_slots"].values())
            lost = point["slots"] - base["slots"]  # 1 - E = (S_N - S_1) / S_N
            assert point["efficiency_lost"] == lost and point["efficiency_denominator"] == point["slots"]
            assert sum(point["efficiency_terms"].values()) == lost
            assert sum(point["critical_path"].values()) == point["cycles"]
