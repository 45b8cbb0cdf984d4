"""`cyclescope run --streams`: frames of several cameras, served in turn by one machine."""

import csv
import io
import json
import re

import pytest
from conftest import PLATFORM, refuse, succeed

FAST = ("run", "--platform", PLATFORM, "--model", "resnet50", "--set", "sim.ideal=operands")


def frames(*args):
    rows = csv.DictReader(io.StringIO(succeed(*FAST, *args, "--format", "csv")))
    return [{key: value if key == "in_time" else int(value) for key, value in row.items()} for row in rows]


@pytest.mark.parametrize("state", ["steady", "cold"])
def test_the_first_frame_is_that_of_a_run_and_the_rest_wait_their_turn(state):
    alone = json.loads(succeed(*FAST, "--state", state, "--format", "json"))
    period = 10**15 // 1000
    clock = alone["clock_period_fs"]
    served = frames("--state", state, "--streams", "2", "--frames", "2", "--fps", "1000")
    assert served[0]["end_fs"] - served[0]["start_fs"] == alone["latency_fs"]
    assert [(frame["stream"], frame["frame"]) for frame in served] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    free = 0
    for frame in served:
        assert frame["arrival_fs"] == frame["frame"] * period
        assert frame["start_fs"] >= max(frame["arrival_fs"], free)
        if frame["arrival_fs"] > free:  # the machine was waiting for it
            assert frame["start_fs"] - frame["arrival_fs"] < clock
        free = frame["end_fs"]


def test_figures_are_those_of_the_frames_and_the_same_each_time():
    args = (*FAST, "--streams", "2", "--frames", "2", "--fps", "2000")
    text = succeed(*args, "--format", "json")
    assert text == succeed(*args, "--format", "json")
    report = json.loads(text)
    latencies = [frame["end_fs"] - frame["arrival_fs"] for frame in report["frames"]]
    services = [frame["end_fs"] - frame["start_fs"] for frame in report["frames"]]
    period = 10**15 // 2000
    assert report["latency_mean_s"] == pytest.approx(sum(latencies) / 4 / 1e15)
    assert report["latency_worst_s"] == pytest.approx(max(latencies) / 1e15)
    assert report["service_worst_s"] == pytest.approx(max(services) / 1e15)
    assert report["load"] == pytest.approx(sum(services) / 4 * 2 / period)
    late = {frame["stream"] for frame, latency in zip(report["frames"], latencies) if latency > period}
    assert report["streams_in_time"] == 2 - len(late)
    assert report["overlap"] is False
    assert report["overrides"] == {"sim.ideal": "operands"}


def test_too_many_cameras_are_told():
    text = succeed(*FAST, "--streams", "3", "--frames", "1", "--fps", "100000")
    assert "Frames do not overlap on this machine" in text
    assert "changed: sim.ideal = operands (hypothetical machine)\n" in text
    assert "no, 0 of 3; the queue grows with every period" in text
    load = json.loads(succeed(*FAST, "--streams", "3", "--frames", "1", "--fps", "100000", "--format", "json"))["load"]
    assert re.search(r"machine busy +100\.0 % of the time\n", text) and load > 1
    assert re.search(rf"demand +{load * 100:.1f} % of what the machine can serve\n", text)
    text = succeed(*FAST, "--streams", "1", "--frames", "1", "--fps", "1")
    assert "yes, all of them" in text and "demand" not in text


def test_the_label_of_the_precision_is_that_of_a_run_and_energy_is_not_modelled():
    for precision, label in (("int8", "native"), ("fp16", "substituted")):
        args = (*FAST, "--precision", precision, "--streams", "1", "--frames", "1")
        assert json.loads(succeed(*FAST, "--precision", precision, "--format", "json"))["precision_label"] == label
        report = json.loads(succeed(*args, "--format", "json"))
        assert (report["precision_label"], report["energy_fj_total"]) == (label, None)
        text = succeed(*args)
        assert f", {precision} ({label}), steady state" in text
        assert re.search(r"energy +not modelled for streams; ", text)


@pytest.mark.parametrize(
    "args, naming",
    [
        (("--streams", "0"), "--streams '0'"),
        (("--streams", "2", "--fps", "0"), "--fps '0'"),
        (("--streams", "2", "--fps", "fast"), "--fps 'fast'"),
        (("--streams", "2", "--frames", "0"), "--frames '0'"),
        (("--fps", "30"), "--fps is for --streams"),
        (("--frames", "3"), "--frames is for --streams"),
        (("--streams", "2", "--batch", "2"), "--batch"),
        (("--streams", "2", "--out", "x.h5"), "--out"),
    ],
)
def test_wrong_streams_are_refused(args, naming):
    refuse(*FAST, *args, naming=naming)
