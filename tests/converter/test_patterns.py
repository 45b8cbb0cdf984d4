"""Operators that exporters decompose are recognised, and near misses are left alone."""
import math
from typing import Any, Optional

import numpy as np
import pytest

from onnx_builder import Builder
from trace_file import CONSTANT, PARAMETER


def layer_norm(b: Builder, x: str, width: int, power: str = "pow", epsilon: float = 1e-5) -> str:
    mean = b.node("ReduceMean", x, axes=[-1])
    difference = b.node("Sub", x, mean)
    if power == "pow":
        square = b.node("Pow", difference, b.constant(2.0))
    elif power == "mul":
        square = b.node("Mul", difference, difference)
    else:
        second = b.node("Sub", x, mean)
        square = b.node("Pow", second, b.constant(2.0))
    variance = b.node("Add", b.node("ReduceMean", square, axes=[-1]), b.constant(epsilon))
    normal = b.node("Div", difference, b.node("Sqrt", variance))
    return b.node("Add", b.node("Mul", normal, b.stored("scale", [width])), b.stored("bias", [width]), name="norm")


@pytest.mark.parametrize("power", ("pow", "mul", "second difference"))
def test_layer_norm(run: Any, power: str) -> None:
    b = Builder()
    y = layer_norm(b, b.input([2, 5, 8]), 8, power)
    trace = run(b.model(y)).trace
    norm = trace.only("layer_norm")
    assert trace.types == ["layer_norm"] and norm.name == "norm"
    assert norm.attributes == {"axis": 2, "epsilon": 1e-5}
    assert [(tensor.name, tensor.dims, tensor.role) for tensor in norm.inputs[1:]] == \
        [("scale", (8,), PARAMETER), ("bias", (8,), PARAMETER)]
    assert trace.attributes["total_parameters"] == 8 + 8


def test_layer_norm_whose_inner_value_is_an_output_stays_decomposed(run: Any) -> None:
    b = Builder()
    y = layer_norm(b, b.input([2, 5, 8]), 8)
    trace = run(b.model(y, "t1")).trace
    assert trace.types == ["reduce_mean", "sub", "pow", "reduce_mean", "add", "sqrt", "div", "mul", "add"]
    assert [tensor.role for operator in trace.operators for tensor in operator.inputs if tensor.dims == ()] == 2 * [CONSTANT]


def test_layer_norm_of_one_node(run: Any) -> None:
    b = Builder(17)
    b.node("LayerNormalization", b.input([2, 5, 8]), b.stored("scale", [5, 8]), axis=-2, epsilon=1e-6, outputs=["y"])
    norm = run(b.model("y")).trace.only("layer_norm")
    assert norm.attributes == {"axis": 1, "epsilon": 1e-6}
    assert [tensor.role for tensor in norm.inputs[1:]] == [PARAMETER, CONSTANT]


def gelu(b: Builder, x: str, form: str) -> str:
    half, one = b.constant(0.5), b.constant(1.0)
    if form.startswith("erf"):
        root = b.constant(math.sqrt(2.0))
        argument = b.node("Div", x, root) if form != "erf, product" else b.node("Mul", x, b.constant(math.sqrt(0.5)))
        gate = b.node("Add", b.node("Erf", argument), one)
        if form == "erf, half of x first":
            return b.node("Mul", b.node("Mul", x, half), gate)
        if form == "erf, half of the gate first":
            return b.node("Mul", x, b.node("Mul", half, gate))
        return b.node("Mul", b.node("Mul", x, gate), half)
    factor = b.constant(0.044715)
    if form == "tanh, powers":
        inner = b.node("Add", x, b.node("Mul", factor, b.node("Pow", x, b.constant(3.0))))
    elif form == "tanh, products":
        inner = b.node("Add", b.node("Mul", b.node("Mul", b.node("Mul", x, x), x), factor), x)
    else:
        polynomial = b.node("Add", b.node("Mul", b.node("Mul", x, factor), x), one)
        inner = b.node("Mul", x, polynomial)
    argument = b.node("Mul", inner, b.constant(math.sqrt(2.0 / math.pi)))
    gate = b.node("Add", one, b.node("Tanh", argument))
    return b.node("Mul", half, b.node("Mul", x, gate))


@pytest.mark.parametrize("form", ("erf, torch", "erf, product", "erf, half of x first", "erf, half of the gate first",
                                  "tanh, powers", "tanh, products", "tanh, factored"))
def test_gelu(run: Any, form: str) -> None:
    b = Builder()
    y = gelu(b, b.node("Relu", b.input([2, 8])), form)
    assert run(b.model(y)).trace.types == ["relu", "gelu"]


def test_erf_of_another_scale_is_no_gelu(run: Any) -> None:
    b = Builder()
    x = b.input([2, 8])
    gate = b.node("Add", b.node("Erf", b.node("Div", x, b.constant(2.0))), b.constant(1.0))
    y = b.node("Mul", b.node("Mul", x, gate), b.constant(0.5))
    assert run(b.model(y)).trace.types == ["div", "erf", "add", "mul", "mul"]


def test_silu_and_hard_swish(run: Any) -> None:
    b = Builder(14)
    x = b.node("Mul", b.input([2, 8]), b.node("Sigmoid", "x"))
    x = b.node("Mul", b.node("HardSigmoid", x, alpha=1 / 6), x)
    clipped = b.node("Clip", b.node("Add", x, b.constant(3.0)), b.constant(0.0), b.constant(6.0))
    x = b.node("Div", b.node("Mul", x, clipped), b.constant(6.0))
    x = b.node("HardSwish", x)
    assert run(b.model(x)).trace.types == ["silu", "hard_swish", "hard_swish", "hard_swish"]


def test_a_gate_of_another_tensor_is_no_silu(run: Any) -> None:
    b = Builder()
    y = b.node("Mul", b.input([2, 8]), b.node("Sigmoid", b.input([2, 8], "z")))
    assert run(b.model(y)).trace.types == ["sigmoid", "mul"]


@pytest.mark.parametrize("transposed", (False, True))
def test_product_and_bias_become_gemm(run: Any, transposed: bool) -> None:
    b = Builder()
    x, weight = b.input([2, 7, 8]), b.stored("w", [4, 8] if transposed else [8, 4])
    weight = b.node("Transpose", weight, perm=[1, 0]) if transposed else weight
    y = b.node("Add", b.stored("b", [4]), b.node("MatMul", x, weight, name="product"))
    trace = run(b.model(y)).trace
    gemm = trace.only("gemm")
    assert (gemm.name, gemm.attributes) == ("product", {"transpose_b": transposed})
    assert [tensor.name for tensor in gemm.inputs] == ["x", "w", "b"]
    assert trace.attributes["total_macs"] == 2 * 7 * 4 * 8 and trace.attributes["total_parameters"] == 8 * 4 + 4


def test_large_weight_is_handled_without_its_values(run: Any) -> None:
    b = Builder()
    y = b.node("MatMul", b.input([1, 128]), b.node("Transpose", b.stored("w", [300, 128]), perm=[1, 0]))
    trace = run(b.model(y)).trace
    assert trace.only("gemm").inputs[1].dims == (300, 128) and trace.attributes["total_parameters"] == 300 * 128


def test_bias_of_another_length_is_an_add(run: Any) -> None:
    b = Builder()
    y = b.node("Add", b.node("MatMul", b.input([2, 8]), b.stored("w", [8, 4])), b.stored("b", [2, 1]))
    assert run(b.model(y)).trace.types == ["gemm", "add"]


@pytest.mark.parametrize("alpha, beta, trans_a, types", (
    (1.0, 1.0, 0, ["gemm"]), (1.0, 1.0, 1, ["transpose", "gemm"]), (0.5, 1.0, 0, ["gemm", "mul", "add"]),
    (1.0, 2.0, 0, ["gemm", "mul", "add"]), (1.0, 0.0, 0, ["gemm"])))
def test_gemm_factors_are_explicit(run: Any, alpha: float, beta: float, trans_a: int, types: list) -> None:
    b = Builder()
    x = b.input([8, 2] if trans_a else [2, 8])
    b.node("Gemm", x, b.stored("w", [4, 8]), b.stored("b", [4]), alpha=alpha, beta=beta, transA=trans_a, transB=1,
           outputs=["y"])
    trace = run(b.model("y")).trace
    assert trace.types == types
    assert trace.attributes["total_macs"] == 2 * 8 * 4
    assert trace.attributes["total_parameters"] == 4 * 8 + (4 if beta else 0)


def attention(b: Builder, x: str, scale: str, mask: Optional[str] = None) -> str:
    """Heads of size 16 over [batch, heads, tokens, 16]; the scale is 1/4."""
    def heads(name: str) -> str:
        projected = b.node("MatMul", x, b.stored(name, [32, 32]))
        if name == "q" and scale == "q before reshape":
            projected = b.node("Mul", projected, b.constant(0.25))
        split = b.node("Reshape", projected, b.constant([1, 6, 2, 16], np.int64))
        return b.node("Transpose", split, perm=[0, 2, 1, 3])
    q, k, v = heads("q"), heads("k"), heads("v")
    if scale in ("q", "both"):
        q = b.node("Mul", q, b.constant(0.25 if scale == "q" else 0.5))
    k = b.node("Transpose", k, perm=[0, 1, 3, 2])
    if scale == "both":
        k = b.node("Mul", b.constant(0.5), k)
    scores = b.node("MatMul", q, k)
    if scale == "after":
        scores = b.node("Div", scores, b.constant(4.0))
    if mask:
        scores = b.node("Add", scores, mask)
    return b.node("MatMul", b.node("Softmax", scores, axis=-1), v)


@pytest.mark.parametrize("scale", ("q", "q before reshape", "both", "after"))
@pytest.mark.parametrize("masked", (False, True))
def test_attention(run: Any, scale: str, masked: bool) -> None:
    b = Builder()
    x = b.input([1, 6, 32])
    y = attention(b, x, scale, b.input([6, 6], "mask") if masked else None)
    trace = run(b.model(y)).trace
    first, second = [operator for operator in trace.operators if operator.type == "matmul"]
    assert "mul" not in trace.types and "div" not in trace.types and trace.types.count("add") == int(masked)
    assert first.attributes == {"attention": 0, "scale": 0.25, "transpose_a": False, "transpose_b": True}
    assert second.attributes == {"attention": 0, "scale": 1.0, "transpose_a": False, "transpose_b": False}
    assert trace.only("softmax").attributes == {"attention": 0, "axis": 3}
    assert trace.attributes["total_macs"] == 3 * 6 * 32 * 32 + 2 * (2 * 6 * 6 * 16)


def test_two_attention_blocks_are_numbered(run: Any) -> None:
    b = Builder()
    x = b.input([2, 6, 16])
    for _ in range(2):
        scores = b.node("MatMul", x, b.node("Transpose", x, perm=[0, 2, 1]))
        x = b.node("MatMul", b.node("Softmax", scores, axis=2), x)
    trace = run(b.model(x)).trace
    assert trace.types == 2 * ["matmul", "softmax", "matmul"]
    assert [operator.attributes["attention"] for operator in trace.operators] == [0, 0, 0, 1, 1, 1]


def test_key_transposed_from_tokens_first_keeps_the_head_transpose(run: Any) -> None:
    b = Builder()
    heads = b.node("Transpose", b.input([6, 2, 16]), perm=[1, 0, 2])
    keys = b.node("Transpose", b.input([6, 2, 16], "keys"), perm=[1, 2, 0])
    y = b.node("MatMul", heads, keys)
    trace = run(b.model(y)).trace
    assert [operator.attributes for operator in trace.operators[:2]] == 2 * [{"perm": [1, 0, 2]}]
    assert trace.only("matmul").attributes == {"attention": -1, "scale": 1.0, "transpose_a": False, "transpose_b": True}


def test_softmax_without_values_product_is_no_attention(run: Any) -> None:
    b = Builder()
    x = b.input([2, 6, 16])
    scores = b.node("MatMul", x, b.node("Transpose", x, perm=[0, 2, 1]))
    trace = run(b.model(b.node("Softmax", b.node("Mul", scores, b.constant(0.25)), axis=-1))).trace
    assert trace.types == ["matmul", "mul", "softmax"]
    assert trace.only("softmax").attributes["attention"] == trace.only("matmul").attributes["attention"] == -1


def test_transpose_of_unit_axes_is_a_reshape(run: Any) -> None:
    b = Builder()
    y = b.node("Transpose", b.input([1, 6, 8]), perm=[1, 0, 2])
    assert run(b.model(y)).trace.types == ["reshape"]
