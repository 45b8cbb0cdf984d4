"""Hailo chips as published: one context or several, who is ahead, and what a slower link costs. Silicon: configs/measured."""

import functools
import json

import pytest
from conftest import cyclescope, succeed

MODELS = ("resnet50", "deeplabv3_resnet50", "fcn_resnet50", "vit_b_16")
LABELS = {"int8": "native", "fp16": "substituted", "fp32": "substituted"}


@functools.lru_cache(maxsize=None)
def run(platform, model, *args):
    return json.loads(succeed("run", "--platform", platform, "--model", model, *args, "--format", "json"))


def rate(platform, model, *args):
    return run(platform, model, *args)["throughput_fps"]


@pytest.mark.parametrize("platform", ["hailo-8", "hailo-10h"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", LABELS)
def test_models_run_at_every_precision_with_its_label(platform, model, precision):
    # That every law holds is part of success: ledgers closed, the path as long as the run.
    result = run(platform, model, "--precision", precision)
    assert result["precision_label"] == LABELS[precision]
    assert sum(result["critical_path"].values()) == result["cycles"]


def test_resnet50_is_one_context_on_hailo_8():
    one, eight = rate("hailo-8", "resnet50_v1"), rate("hailo-8", "resnet50_v1", "--batch", "8")
    assert eight == pytest.approx(one, rel=0.01)
    assert 1100 <= one <= 1500  # measured: 1372


def test_its_frames_take_three_to_four_intervals():
    frame = run("hailo-8", "resnet50_v1")  # measured: 2.936 ms at 1328.83 frames/s, 3.9
    assert 3 <= frame["latency_s"] / frame["initiation_interval_s"] <= 4
    assert frame["frames_in_flight"] == pytest.approx(frame["latency_s"] / frame["initiation_interval_s"], abs=0.01)


@pytest.mark.parametrize(
    "platform, model", [("hailo-10h", "resnet50_v1"), ("hailo-8", "vit_b_16"), ("hailo-10h", "vit_b_16")]
)
def test_several_contexts_make_a_batch_pay(platform, model):
    # measured: 3.2, 3.7 and 3.1 times
    assert rate(platform, model, "--batch", "8") > 2 * rate(platform, model)


def test_hailo_10h_is_ahead_on_vit_and_behind_on_resnet50():
    assert rate("hailo-10h", "vit_b_16") > rate("hailo-8", "vit_b_16")  # measured: 61.2 and 29.1
    assert rate("hailo-10h", "resnet50_v1") < rate("hailo-8", "resnet50_v1")  # measured: 316 and 1372


def test_half_the_lanes_hurt_only_what_crosses_the_link():
    two = ("--set", "pcie.lanes=2 lanes")
    assert rate("hailo-8", "resnet50_v1", *two) == pytest.approx(rate("hailo-8", "resnet50_v1"), rel=0.001)
    # On Hailo-8 the configurations of ViT-B/16 come over the link: 86 MB at 3.2 GB/s are 27 of the 34 ms that were measured,
    # twice that 61 of 68 at least. On Hailo-10H they come out of its own memory.
    assert rate("hailo-8", "vit_b_16", *two) < 0.65 * rate("hailo-8", "vit_b_16")
    assert rate("hailo-10h", "vit_b_16", *two) > 0.97 * rate("hailo-10h", "vit_b_16")


@pytest.mark.parametrize("platform, count", [("hailo-8", 20), ("hailo-10h", 12)])  # without rows that were fitted to
def test_rates_of_networks_of_torchvision_against_silicon(platform, count):
    done = cyclescope("validate", "--platform", platform, "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    rates = next(d for d in report["distributions"] if d["metric"] == "throughput_fps")
    assert rates["count"] == count
    assert rates["median_absolute"] <= 0.25
    assert rates["worst_factor"] <= 2.5
