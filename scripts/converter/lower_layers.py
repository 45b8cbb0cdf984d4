"""Lowering rules of convolution, matrix products, normalisation, pooling and softmax."""
import math
from typing import Any, Dict, List

from .lower_elementwise import number
from .lowering import Node, lowers


def _window(node: Node, kernel: List[int]) -> Dict[str, Any]:
    """Stride, dilation and resolved padding [top, left, bottom, right] of a 2-D window."""
    strides = list(node.attributes.get("strides", [1, 1]))
    dilations = list(node.attributes.get("dilations", [1, 1]))
    pads = list(node.attributes.get("pads", [0, 0, 0, 0]))
    if len(strides) != 2 or len(dilations) != 2 or len(pads) != 4 or len(kernel) != 2:
        raise node.invalid("window attributes do not fit the input", "expected two spatial dimensions")
    mode = node.text("auto_pad", "NOTSET")
    if mode == "VALID":
        pads = [0, 0, 0, 0]
    elif mode in ("SAME_UPPER", "SAME_LOWER"):
        for axis in range(2):
            size, extent = node.dims(0)[2 + axis], (kernel[axis] - 1) * dilations[axis] + 1
            total = max((math.ceil(size / strides[axis]) - 1) * strides[axis] + extent - size, 0)
            small, large = total // 2, total - total // 2
            pads[axis], pads[2 + axis] = (small, large) if mode == "SAME_UPPER" else (large, small)
    return {"kernel": kernel, "stride": strides, "padding": pads, "dilation": dilations}


def _spatial(node: Node) -> None:
    if len(node.dims(0)) != 4:
        raise node.unsupported(f"{len(node.dims(0)) - 2} spatial dimensions")


@lowers("Conv")
def conv(node: Node) -> None:
    _spatial(node)
    if not all(node.graph.is_constant(key) for key in node.inputs[1:] if key):
        raise node.unsupported("weight or bias computed at run time")
    channels, groups = node.dims(0)[1], node.attributes.get("group", 1)
    weight = node.dims(1)
    kernel = list(node.attributes.get("kernel_shape", weight[2:]))
    if len(weight) != 4 or kernel != list(weight[2:]):
        raise node.invalid(f"kernel_shape {kernel} contradicts weight {list(weight)}", "expected [O, I/groups, kh, kw]")
    if weight[1] * groups != channels or weight[0] % groups:
        raise node.invalid(f"weight {list(weight)} contradicts {channels} input channels in {groups} groups",
                           "expected [O, I/groups, kh, kw] with O divisible by groups")
    if node.has(2) and node.dims(2) != weight[:1]:
        raise node.invalid(f"bias {list(node.dims(2))} contradicts weight {list(weight)}", f"expected [{weight[0]}]")
    node.emit("conv2d", [key for key in node.inputs if key], node.output, {**_window(node, kernel), "groups": groups})


@lowers("MaxPool")
def max_pool(node: Node) -> None:
    _spatial(node)
    window = _window(node, list(node.attributes["kernel_shape"]))
    node.emit("max_pool2d", node.inputs, node.output, {**window, "ceil_mode": bool(node.attributes.get("ceil_mode", 0))})


@lowers("AveragePool")
def average_pool(node: Node) -> None:
    _spatial(node)
    window = _window(node, list(node.attributes["kernel_shape"]))
    del window["dilation"]
    node.emit("avg_pool2d", node.inputs, node.output,
              {**window, "ceil_mode": bool(node.attributes.get("ceil_mode", 0)),
               "count_include_pad": bool(node.attributes.get("count_include_pad", 0))})


@lowers("GlobalAveragePool")
def global_average_pool(node: Node) -> None:
    _spatial(node)
    node.emit("global_avg_pool", node.inputs, node.output)


@lowers("BatchNormalization")
def batch_norm(node: Node) -> None:
    if any(node.dims(index) != node.dims(0)[1:2] for index in range(1, 5)):
        raise node.invalid("scale, bias, mean or variance do not fit the input", f"expected {list(node.dims(0)[1:2])}")
    node.emit("batch_norm", node.inputs, node.output, {"epsilon": number(node.attributes.get("epsilon", 1e-5))})


@lowers("LayerNormalization")
def layer_norm(node: Node) -> None:
    dims = node.dims(0)
    axis = node.axis(node.attributes.get("axis", -1), len(dims))
    bias = node.inputs[2] if node.has(2) else node.literal("zero", 0.0, dims[axis:])
    for key in (node.inputs[1], bias):
        if node.graph.dims(key) != dims[axis:]:
            raise node.invalid(f"scale or bias is {list(node.graph.dims(key))}", f"expected {list(dims[axis:])}")
    node.emit("layer_norm", [*node.inputs[:2], bias], node.output,
              {"axis": axis, "epsilon": number(node.attributes.get("epsilon", 1e-5))})


def _product(node: Node, a: str, b: str, transpose_a: bool, transpose_b: bool, output: str) -> str:
    """A gemm when the second operand is a constant matrix, else a matmul."""
    constant = node.graph.tensors[b].constant
    if constant is None or len(node.graph.dims(b)) != 2:
        return node.emit("matmul", [a, b], output, {"transpose_a": transpose_a, "transpose_b": transpose_b, "scale": 1.0,
                                                    "attention": -1})
    if transpose_a:
        a = node.emit("transpose", [a], node.intermediate("transposed", node.graph.dims(a)[::-1]), {"perm": [1, 0]},
                      step="transpose")
    if constant.transpose_of is not None:
        b, transpose_b = constant.transpose_of, not transpose_b
    return node.emit("gemm", [a, b], output, {"transpose_b": transpose_b})


@lowers("MatMul")
def matmul(node: Node) -> None:
    if min(len(node.dims(0)), len(node.dims(1))) < 2:
        raise node.unsupported("operand with one dimension")
    _product(node, node.inputs[0], node.inputs[1], False, False, node.output)


@lowers("Gemm")
def gemm(node: Node) -> None:
    alpha, beta = (number(node.attributes.get(key, 1.0)) for key in ("alpha", "beta"))
    transpose_a, transpose_b = (bool(node.attributes.get(key, 0)) for key in ("transA", "transB"))
    addend = node.inputs[2] if node.has(2) and beta != 0.0 else ""
    plain, output, dims = alpha == 1.0 and not addend, node.output, node.output_dims()
    target = output if plain else node.intermediate("product", dims)
    result = _product(node, node.inputs[0], node.inputs[1], transpose_a, transpose_b, target)
    if alpha != 1.0:
        target = node.intermediate("scaled", dims) if addend else output
        result = node.emit("mul", [result, node.literal("alpha", alpha)], target, step="alpha")
    if addend:
        if beta != 1.0:
            scaled = node.intermediate("addend", node.graph.dims(addend))
            addend = node.emit("mul", [addend, node.literal("beta", beta)], scaled, step="beta")
        node.emit("add", [result, addend], output, step="bias")


@lowers("Softmax")
def softmax(node: Node) -> None:
    dims = node.dims(0)
    axis = node.axis(node.attributes.get("axis", -1 if node.opset >= 13 else 1), len(dims))
    if node.opset >= 13 or math.prod(dims[axis + 1:]) == 1:
        node.emit("softmax", node.inputs, node.output, {"axis": axis, "attention": -1})
        return
    flat = (math.prod(dims[:axis]), math.prod(dims[axis:]))
    rows = node.emit("reshape", node.inputs, node.intermediate("rows", flat), step="rows")
    result = node.emit("softmax", [rows], node.intermediate("result", flat), {"axis": 1, "attention": -1})
    node.emit("reshape", [result], node.output, step="reshape")


@lowers("ReduceMean")
def reduce_mean(node: Node) -> None:
    rank = len(node.dims(0))
    axes = node.integers("axes", 1)
    axes = list(range(rank)) if axes is None else sorted(node.axis(axis, rank) for axis in axes)
    node.emit("reduce_mean", node.inputs[:1], node.output,
              {"axes": axes, "keepdims": bool(node.attributes.get("keepdims", 1))})
