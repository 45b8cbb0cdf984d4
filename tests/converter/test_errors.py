"""Bad input ends with one line, the right exit code and no file (the `run` fixture checks line and file)."""
import os
import subprocess
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from conftest import ROOT
from onnx_builder import Builder

CONVERT = os.path.join(ROOT, "scripts", "convert")


def relu_model() -> onnx.ModelProto:
    """The smallest valid network."""
    b = Builder()
    b.node("Relu", b.input([2, 3]), name="act", outputs=["y"])
    return b.model("y", shapes={"y": [2, 3]})


def test_smallest_network_is_valid(run: Any) -> None:
    assert run(relu_model()).trace.types == ["relu"]


@pytest.mark.parametrize("content", (b"", b"\x89PNG\r\n\x1a\n" + bytes(64), b"hello, world", bytes(100)))
def test_foreign_file(run: Any, content: bytes) -> None:
    outcome = run(content)
    assert outcome.code == 2 and "ONNX model" in outcome.error


def test_truncated_file(run: Any) -> None:
    b = Builder()
    b.node("MatMul", b.input([2, 16]), b.stored("w", [16, 16]), outputs=["y"])
    content = b.model("y").SerializeToString()
    for length in range(1, len(content) - 1, 7):
        assert run(content[:length]).code == 2


def test_stored_values_too_short(run: Any) -> None:
    b = Builder()
    b.node("MatMul", b.input([2, 16]), b.stored("w", [16, 16]), outputs=["y"])
    model = b.model("y")
    model.graph.initializer[0].raw_data = bytes(4)
    outcome = run(model)
    assert outcome.code == 2 and "'w' stores 4 bytes" in outcome.error and "expected 1024" in outcome.error


def change(edit: Callable[[onnx.ModelProto], None]) -> onnx.ModelProto:
    """The smallest network after an edit."""
    model = relu_model()
    edit(model)
    return model


def set_dim(model: onnx.ModelProto, value: int) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = value


def add_node(model: onnx.ModelProto, op_type: str, inputs: List[str], outputs: List[str], **attributes: Any) -> None:
    model.graph.node.append(helper.make_node(op_type, inputs, outputs, name="added", **attributes))


BROKEN: Dict[str, Tuple[Callable[[onnx.ModelProto], None], str]] = {
    "cycle": (lambda m: m.graph.node[0].input.__setitem__(0, "y"), "the graph has a cycle, node 'act'"),
    "duplicate output": (lambda m: add_node(m, "Neg", ["x"], ["y"]), "tensor 'y' is defined twice, node 'added'"),
    "output named as input": (lambda m: add_node(m, "Neg", ["y"], ["x"]), "tensor 'x' is defined twice"),
    "missing tensor": (lambda m: add_node(m, "Add", ["y", "w"], ["z"]), "tensor 'w' is missing, input of node 'added'"),
    "missing output": (lambda m: m.graph.output.append(helper.make_tensor_value_info("z", 1, [1])), "output 'z' is missing"),
    "no output": (lambda m: m.graph.output.pop(), "no output"),
    "negative dimension": (lambda m: set_dim(m, -2), "input 'x' has dimensions [-2, 3]"),
    "zero dimension": (lambda m: set_dim(m, 0), "input 'x' has dimensions [0, 3]"),
    "overflow": (lambda m: set_dim(m, 2**62), "fewer than 2^63 elements"),
    "declared shape": (lambda m: m.graph.output[0].type.tensor_type.shape.dim.__getitem__(1).__setattr__("dim_value", 4),
                       "error: "),
    "broadcast": (lambda m: add_node(m, "Add", ["x", "c"], ["z"]) or m.graph.initializer.append(
        helper.make_tensor("c", 1, [5], [0.0] * 5)), "contradicts itself"),
    "negative initialiser": (lambda m: m.graph.initializer.append(
        TensorProto(name="c", data_type=1, dims=[-1])), "initialiser 'c' has dimensions [-1]"),
    "unknown attribute": (lambda m: m.graph.node[0].attribute.append(helper.make_attribute("slope", 1.0)),
                          "Relu is not valid"),
    "dropout in training": (lambda m: add_node(m, "Dropout", ["y", "", "on"], ["z"]) or m.graph.initializer.append(
        helper.make_tensor("on", TensorProto.BOOL, [], [True])), "training_mode is set, node 'added'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_graph(run: Any, case: str) -> None:
    edit, message = BROKEN[case]
    outcome = run(change(edit))
    assert outcome.code == 2 and message in outcome.error


@pytest.mark.parametrize("opset, attributes, outputs", (
    (15, {"training_mode": 1}, ["y", "mean_out", "variance_out"]), (13, {}, ["y", "mean_out", "variance_out", "m", "v"]),
    (15, {"training_mode": 1}, ["y"])))
def test_batch_normalisation_in_training_mode(run: Any, opset: int, attributes: Dict[str, int], outputs: List[str]) -> None:
    b = Builder(opset)
    b.node("BatchNormalization", b.input([1, 4, 2, 2]), *(b.stored(name, [4]) for name in ("s", "b", "m_in", "v_in")),
           name="bn", outputs=outputs, **attributes)
    outcome = run(b.model("y"))
    assert outcome.code == 2 and "training mode, node 'bn'" in outcome.error


@pytest.mark.parametrize("weight, attributes", (
    ([4, 3, 3, 3], {"kernel_shape": [5, 5]}), ([4, 2, 3, 3], {}), ([4, 3, 3, 3], {"group": 2}),
    ([4, 3, 3, 3], {"strides": [0, 1]}), ([4, 3, 3, 3], {"pads": [-1, 0, 0, 0]}), ([4, 3, 9, 9], {}),
    ([4, 3, 3, 3], {"strides": [1]}), ([4, 3, 3], {})))
def test_convolution_that_contradicts_its_weight(run: Any, weight: List[int], attributes: Dict[str, Any]) -> None:
    b = Builder()
    b.node("Conv", b.input([1, 3, 8, 8]), b.stored("w", weight), name="conv", outputs=["y"], **attributes)
    assert run(b.model("y")).code == 2


UNSUPPORTED = {
    "ConvTranspose": ([1, 3, 8, 8], [3, 4, 3, 3], {}, ""), "Einsum": ([2, 3], None, {"equation": "ij->ji"}, ""),
    "Conv": ([1, 3, 8], [4, 3, 3], {}, "1 spatial dimensions"),
    "TopK": ([2, 3], None, {}, ""), "LeakyRelu": ([2, 3], None, {}, ""), "Shrink": ([2, 3], None, {}, ""),
}


@pytest.mark.parametrize("op_type", UNSUPPORTED)
def test_operator_without_definition(run: Any, op_type: str) -> None:
    shape, weight, attributes, detail = UNSUPPORTED[op_type]
    b = Builder()
    weights = [] if weight is None else [b.stored("w", weight)]
    b.node(op_type, b.input(shape), *weights, name="culprit", outputs=["y"], **attributes)
    outcome = run(b.model("y"), "--name", "net")
    assert outcome.code == 3 and detail in outcome.error
    assert f"operator {op_type}" in outcome.error and "node 'culprit' of model 'net'" in outcome.error


@pytest.mark.parametrize("weight, bias", (([5, 9], [5]), ([5, 8], [2, 2, 5]), ([5, 8], [3])))
def test_matrix_product_that_does_not_fit(run: Any, weight: List[int], bias: List[int]) -> None:
    b = Builder()
    b.node("Gemm", b.input([2, 8]), b.stored("w", weight), b.stored("b", bias), transB=1, name="fc", outputs=["y"])
    outcome = run(b.model("y"))
    assert outcome.code == 2 and "node 'fc" in outcome.error


def test_three_dimensional_convolution(run: Any) -> None:
    b = Builder()
    b.node("Conv", b.input([1, 3, 8, 8, 8]), b.stored("w", [4, 3, 3, 3, 3]), outputs=["y"])
    outcome = run(b.model("y"))
    assert outcome.code == 3 and "3 spatial dimensions" in outcome.error


def test_operator_of_another_domain(run: Any) -> None:
    b = Builder()
    b.node("Gelu", b.input([2, 3]), outputs=["y"], domain="com.microsoft")
    outcome = run(b.model("y"))
    assert outcome.code == 3 and "com.microsoft.Gelu" in outcome.error


@pytest.mark.parametrize("op_type, inputs, attributes, detail", (
    ("Cast", ["x"], {"to": TensorProto.FLOAT16}, "element type"), ("Gather", ["x", "several"], {}, "2 indices"),
    ("Pad", ["x", "pads"], {"mode": "reflect"}, "constant"), ("Equal", ["x", "x"], {}, "not constant"),
    ("Reshape", ["x", "shape"], {}, None)))
def test_form_without_definition(run: Any, op_type: str, inputs: List[str], attributes: Dict[str, Any], detail: str) -> None:
    b = Builder()
    b.input([4, 3])
    b.values("several", [0, 1], np.int64)
    b.values("pads", [1, 0, 0, 0], np.int64)
    if "shape" in inputs:
        b.input([2], "shape", TensorProto.INT64)
    b.node(op_type, *inputs, outputs=["y"], **attributes)
    model = b.model("y")
    if op_type in ("Cast", "Equal"):
        model.graph.output[0].type.tensor_type.elem_type = attributes.get("to", TensorProto.BOOL)
    outcome = run(model)
    assert outcome.code == (3 if detail else 2)
    assert (detail or "tensor 'y' has no static shape") in outcome.error


def test_double_precision_has_no_code(run: Any) -> None:
    b = Builder()
    b.node("Relu", b.input([2], dtype=TensorProto.DOUBLE), outputs=["y"])
    model = b.model("y")
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    outcome = run(model)
    assert outcome.code == 3 and "DOUBLE" in outcome.error


def test_constant_output(run: Any) -> None:
    b = Builder()
    b.input([2])
    b.node("Identity", b.stored("w", [3]), outputs=["y"])
    outcome = run(b.model("y"))
    assert outcome.code == 2 and "'y' is constant" in outcome.error or "'w' is constant" in outcome.error


@pytest.mark.parametrize("arguments, message", (
    (["--input", "1x0x3"], "no shape"), (["--input", "1x-2"], "no shape"), (["--input", "big"], "no shape"),
    (["--input", "2x3", "--input", "2x3"], "twice"), (["--name", ""], "--name is empty"), (["--colour"], "--colour"),
    (["--torchvision", "resnet50"], "2 models"), (["--library", "."], "2 models")))
def test_bad_arguments(run: Any, arguments: List[str], message: str) -> None:
    outcome = run(relu_model(), *arguments)
    assert outcome.code == 2 and message in outcome.error


def test_unknown_torchvision_model(run: Any) -> None:
    outcome = run("--torchvision=resnet51")
    assert outcome.code == 2 and "no model 'resnet51'" in outcome.error


def test_input_that_does_not_fit_a_torchvision_model(run: Any) -> None:
    outcome = run("--torchvision=squeezenet1_1", "--input", "1x3x4x4")
    assert outcome.code == 2 and "squeezenet1_1 at [1, 3, 4, 4]" in outcome.error


def command(*arguments: str) -> subprocess.CompletedProcess:
    """Runs the installed entry point as a user would."""
    return subprocess.run([CONVERT, *arguments], capture_output=True, text=True, check=False)


def test_paths_that_cannot_be_used(tmp_path: Any) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(relu_model().SerializeToString())
    (tmp_path / "directory.h5").mkdir()
    for arguments in ([str(model), "--out", str(tmp_path / "absent" / "x.h5")],
                      [str(model), "--out", str(tmp_path / "directory.h5")],
                      [str(tmp_path / "absent.onnx"), "--out", str(tmp_path / "x.h5")],
                      [str(tmp_path), "--out", str(tmp_path / "x.h5")],
                      [str(model)], ["--library", str(tmp_path / "absent")], []):
        result = command(*arguments)
        assert result.returncode == 2 and result.stdout == ""
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["directory.h5", "model.onnx"]


def test_full_disk_leaves_no_file(tmp_path: Any) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("needs /dev/full")
    model = tmp_path / "model.onnx"
    model.write_bytes(relu_model().SerializeToString())
    limited = f"ulimit -f 1; trap '' XFSZ; exec '{CONVERT}' '{model}' --out '{tmp_path / 'x.h5'}'"
    result = subprocess.run(["/bin/bash", "-c", limited], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and result.stderr.startswith("error: cannot write the trace")
    assert result.stderr.count("\n") == 1 and os.listdir(tmp_path) == ["model.onnx"]


def test_help_and_version() -> None:
    text = command("--help")
    assert text.returncode == 0 and "examples:" in text.stdout and "--torchvision" in text.stdout
    version = command("--version")
    assert version.returncode == 0 and version.stdout == "cyclescope-convert 1.0.0\n"


def test_crash_of_a_library_is_one_line(capfd: Any) -> None:
    import signal
    from converter.guard import guarded

    def crash(_: List[str]) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0
    assert guarded(crash, []) == 2
    assert capfd.readouterr().err == ("error: a library stopped with SIGKILL, reading the model, "
                                      "expected a valid model and enough memory\n")
