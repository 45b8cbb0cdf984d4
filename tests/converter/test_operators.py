"""Single operators: attributes, shapes, roles and constant folding over operator sets."""
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from onnx_builder import Builder
from trace_file import CONSTANT, PARAMETER, STATISTIC

OPSETS = range(11, 18)


def small_network(opset: int) -> onnx.ModelProto:
    """Convolution, batch normalisation, activation, pooling, classifier; squeezed the way each opset does."""
    b = Builder(opset)
    x = b.node("Conv", b.input([2, 3, 8, 8]), b.stored("w", [4, 3, 3, 3]), pads=[1, 1, 1, 1], strides=[2, 2])
    x = b.node("BatchNormalization", x, *(b.stored(name, [4]) for name in ("scale", "shift", "mean", "variance")))
    x = b.node("Relu", x)
    x = b.node("GlobalAveragePool", x)
    x = b.node("Squeeze", x, b.values("axes", [2, 3], np.int64)) if opset >= 13 else b.node("Squeeze", x, axes=[2, 3])
    x = b.node("Dropout", x)
    x = b.node("Gemm", x, b.stored("fc", [5, 4]), b.stored("bias", [5]), transB=1)
    return b.model(b.node("Softmax", x, axis=1))


@pytest.mark.parametrize("opset", OPSETS)
def test_every_operator_set_gives_the_same_graph(run: Any, opset: int) -> None:
    trace = run(small_network(opset)).trace
    assert trace.types == ["conv2d", "batch_norm", "relu", "global_avg_pool", "reshape", "gemm", "softmax"]
    assert trace.attributes["source"].decode() == f"onnx model.onnx opset {opset}"
    assert trace.attributes["total_macs"] == 2 * 4 * 4 * 4 * 3 * 9 + 2 * 4 * 5
    assert trace.attributes["total_parameters"] == 4 * 27 + 4 + 4 + 5 * 4 + 5
    assert trace.total(STATISTIC) == 4 + 4


@pytest.mark.parametrize("opset", (10, 18, 0))
def test_other_operator_sets_are_refused(run: Any, opset: int) -> None:
    model = small_network(13)
    model.opset_import[0].version = opset
    outcome = run(model)
    assert outcome.code == 2 and f"operator set is {opset}" in outcome.error and "opset 11 to 17" in outcome.error


def test_folded_batch_normalisation_reports_its_own_totals(run: Any) -> None:
    b = Builder()
    b.node("Conv", b.input([1, 3, 8, 8]), b.stored("w", [4, 3, 1, 1]), b.stored("b", [4]), outputs=["y"])
    trace = run(b.model("y")).trace
    assert trace.types == ["conv2d"] and trace.attributes["total_parameters"] == 4 * 3 + 4


def test_grouped_and_dilated_convolution(run: Any) -> None:
    b = Builder()
    b.node("Conv", b.input([1, 8, 9, 9]), b.stored("w", [16, 2, 3, 3]), group=4, dilations=[2, 2], pads=[0, 1, 2, 3],
           outputs=["y"])
    trace = run(b.model("y")).trace
    conv = trace.only("conv2d")
    assert conv.attributes == {"kernel": [3, 3], "stride": [1, 1], "padding": [0, 1, 2, 3], "dilation": [2, 2], "groups": 4}
    assert conv.outputs[0].dims == (1, 16, 9 + 2 - 4, 9 + 4 - 4)
    assert trace.attributes["total_macs"] == 16 * 7 * 9 * 2 * 9


@pytest.mark.parametrize("mode, padding", (("SAME_UPPER", [0, 0, 1, 1]), ("SAME_LOWER", [1, 1, 0, 0]), ("VALID", [0] * 4)))
def test_automatic_padding_is_resolved(run: Any, mode: str, padding: list) -> None:
    b = Builder()
    b.node("Conv", b.input([1, 3, 8, 8]), b.stored("w", [4, 3, 3, 3]), auto_pad=mode, strides=[2, 2], outputs=["y"])
    assert run(b.model("y")).trace.only("conv2d").attributes["padding"] == padding


def test_pooling(run: Any) -> None:
    b = Builder()
    x = b.node("MaxPool", b.input([1, 2, 9, 9]), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    y = b.node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    trace = run(b.model(y)).trace
    assert trace.only("max_pool2d").attributes == {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0, 0, 0],
                                                   "dilation": [1, 1], "ceil_mode": True}
    assert trace.only("avg_pool2d").attributes == {"kernel": [3, 3], "stride": [1, 1], "padding": [1, 1, 1, 1],
                                                   "ceil_mode": False, "count_include_pad": True}
    assert trace.outputs[0].dims == (1, 2, 5, 5)


def test_element_wise_operators(run: Any) -> None:
    b = Builder()
    x = b.input([2, 3])
    for op_type in ("Sigmoid", "Tanh", "HardSigmoid", "Erf", "Exp", "Sqrt", "Neg", "Abs"):
        x = b.node(op_type, x)
    x = b.node("Clip", x, b.constant(0.0), b.constant(6.0))
    x = b.node("Clip", x, "", b.constant(0.1))
    for op_type in ("Sub", "Div", "Pow", "Max", "Min"):
        x = b.node(op_type, x, b.input([3], f"z{op_type}"))
    x = b.node("Sum", x, "x", "zMax")
    trace = run(b.model(x)).trace
    assert trace.types == ["sigmoid", "tanh", "hard_sigmoid", "erf", "exp", "sqrt", "neg", "abs", "clip", "clip", "sub",
                           "div", "pow", "maximum", "minimum", "add", "add"]
    clips = [operator.attributes for operator in trace.operators if operator.type == "clip"]
    assert clips == [{"min": 0.0, "max": 6.0}, {"min": None, "max": 0.1}]


def test_layout_operators(run: Any) -> None:
    b = Builder()
    x = b.input([1, 4, 6, 6])
    b.node("Split", x, b.values("parts", [1, 3], np.int64), axis=1, outputs=["first", "rest"])
    x = b.node("Concat", "rest", "first", axis=-3)
    x = b.node("Slice", x, b.values("starts", [-5, 1], np.int64), b.values("ends", [2**62, 4], np.int64),
               b.values("axes", [2, 3], np.int64), b.values("steps", [2, 1], np.int64))
    x = b.node("Pad", x, b.values("pads", [0, 0, 1, 0, 0, 0, 0, 2], np.int64))
    x = b.node("Resize", x, "", b.values("scales", [1, 1, 2, 2], np.float32), mode="nearest",
               coordinate_transformation_mode="asymmetric")
    x = b.node("Gather", x, b.constant(-1, np.int64), axis=2)
    x = b.node("Expand", b.node("Unsqueeze", x, b.values("front", [0], np.int64)), b.values("to", [3, 1, 1, 1], np.int64))
    trace = run(b.model(x)).trace
    assert trace.types == ["slice", "slice", "concat", "slice", "pad", "resize", "slice", "reshape", "reshape", "expand"]
    starts = [operator.attributes["starts"] for operator in trace.operators if operator.type == "slice"]
    assert starts == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 7, 0]]
    assert trace.operators[3].attributes["steps"] == [1, 1, 2, 1] and trace.operators[3].outputs[0].dims == (1, 4, 3, 3)
    assert trace.only("pad").attributes == {"begin": [0, 0, 1, 0], "end": [0, 0, 0, 2]}
    assert trace.only("resize").attributes == {"mode": "nearest", "coordinates": "asymmetric"}
    assert trace.outputs[0].dims == (3, 1, 4, 10)


def test_old_softmax_flattens_from_its_axis(run: Any) -> None:
    b = Builder(12)
    y = b.node("Softmax", b.input([2, 3, 4]))
    trace = run(b.model(y)).trace
    assert trace.types == ["reshape", "softmax", "reshape"]
    assert trace.only("softmax").outputs[0].dims == (2, 12)


def test_shape_arithmetic_over_dynamic_axes_disappears(run: Any) -> None:
    b = Builder()
    x = b.input(["batch", 6, "height"])
    size = b.node("Gather", b.node("Shape", x), b.constant(0, np.int64))
    half = b.node("Div", b.node("Cast", size, to=TensorProto.INT64), b.constant(2, np.int64))
    zero = b.constant([0], np.int64)
    shape = b.node("Concat", b.node("Unsqueeze", half, zero), b.constant([2], np.int64), b.constant([-1], np.int64), axis=0)
    y = b.node("Relu", b.node("Reshape", x, shape))
    model = b.model(y)
    assert run(model).code == 2
    trace = run(model, "--input", "4x6x10").trace
    assert trace.types == ["reshape", "relu"] and trace.outputs[0].dims == (2, 2, 60)
    assert run(model, "--input", "x=4x6x10").trace.outputs[0].dims == (2, 2, 60)
    for wrong in ("4x7x10", "4x6", "z=4x6x10"):
        assert run(model, "--input", wrong).code == 2


def test_several_inputs_are_fixed_by_name(run: Any) -> None:
    b = Builder()
    y = b.node("Add", b.input(["n", 3]), b.input(["n", 3], "z"))
    assert run(b.model(y), "--input", "2x3").code == 2
    assert run(b.model(y), "--input", "x=2x3").code == 2
    assert run(b.model(y), "--input", "x=2x3", "--input", "z=2x3").trace.outputs[0].dims == (2, 3)


def test_shared_initialiser_counts_once_per_use(run: Any) -> None:
    b = Builder()
    w, x = b.stored("w", [8, 8]), b.input([2, 8])
    for _ in range(3):
        x = b.node("MatMul", x, w)
    trace = run(b.model(x)).trace
    assert [operator.inputs[1].name for operator in trace.operators] == ["w", "w#2", "w#3"]
    assert trace.attributes["total_parameters"] == 3 * 64


def test_tensor_merged_into_parameter_and_statistic_has_both_roles(run: Any) -> None:
    b = Builder()
    zero, one = b.stored("zero", [4]), b.stored("one", [4])
    b.node("BatchNormalization", b.input([1, 4, 2, 2]), one, zero, zero, one, outputs=["y"])
    trace = run(b.model("y")).trace
    assert [(tensor.name, tensor.role) for tensor in trace.only("batch_norm").inputs[1:]] == \
        [("one", PARAMETER), ("zero", PARAMETER), ("zero#2", STATISTIC), ("one#2", STATISTIC)]
    assert trace.attributes["total_parameters"] == 8


def test_roles_of_operands(run: Any) -> None:
    b = Builder()
    x = b.node("Add", b.input([1, 8]), b.stored("embedding", [1, 8]))
    x = b.node("Mul", x, b.values("number", np.float32(3.0)))
    x = b.node("Add", x, b.constant(np.arange(8)))
    x = b.node("Mul", x, b.node("Reshape", b.stored("gain", [8]), b.constant([1, 8], np.int64)))
    trace = run(b.model(x)).trace
    operands = [operator.inputs[1] for operator in trace.operators]
    assert [tensor.role for tensor in operands] == [PARAMETER, CONSTANT, CONSTANT, PARAMETER]
    assert (operands[3].name, operands[3].dims) == ("gain", (1, 8))


@pytest.mark.parametrize("onnx_type, code", ((TensorProto.FLOAT16, 1), (TensorProto.BFLOAT16, 2), (TensorProto.INT32, 5)))
def test_element_types_are_kept(run: Any, onnx_type: int, code: int) -> None:
    b = Builder(14)
    b.node("Add", b.input([2, 3], dtype=onnx_type), "x", outputs=["y"])
    model = b.model("y")
    model.graph.output[0].type.tensor_type.elem_type = onnx_type
    assert {tensor.dtype for tensor in run(model).trace.tensors} == {code}


def test_repeated_and_missing_node_names_become_unique(run: Any) -> None:
    b = Builder()
    x = b.input([4, 3])
    for name in ("pick", "pick", ""):
        x = b.node("Gather", x, b.constant(0, np.int64), name=name)
        x = b.node("Unsqueeze", x, b.constant([0], np.int64), name=name)
    trace = run(b.model(x)).trace
    names = [operator.name for operator in trace.operators]
    assert names == ["pick/slice", "pick", "pick#2", "pick#3/slice", "pick#3", "pick#4", "t9/slice", "t9", "t11"]


def test_nodes_out_of_order_are_sorted(run: Any) -> None:
    b = Builder()
    b.node("Relu", "hidden", outputs=["y"])
    b.node("Neg", b.input([2]), outputs=["hidden"])
    assert run(b.model("y")).trace.types == ["neg", "relu"]


def test_model_without_operators(run: Any) -> None:
    b = Builder()
    b.node("Identity", b.input([2, 3]), outputs=["y"])
    trace = run(b.model("y")).trace
    assert trace.operators == [] and trace.outputs == trace.inputs


def test_weights_in_external_files_are_not_needed(run: Any) -> None:
    b = Builder()
    y = b.node("MatMul", b.input([1, 64]), b.stored("w", [64, 128]))
    model = b.model(y)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.append(onnx.StringStringEntryProto(key="location", value="absent.bin"))
    assert run(model).trace.attributes["total_parameters"] == 64 * 128


def test_same_input_gives_same_bytes(run: Any, tmp_path: Any) -> None:
    run(small_network(13))
    first = (tmp_path / "trace.h5").read_bytes()
    run(small_network(13))
    assert (tmp_path / "trace.h5").read_bytes() == first


def test_name_is_stored(run: Any) -> None:
    assert run(small_network(13)).trace.attributes["model"] == b"model"
    assert run(small_network(13), "--name", "réseau").trace.attributes["model"].decode() == "réseau"
