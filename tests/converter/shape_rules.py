"""Output shapes and multiply-accumulates of the trace format's operators, written from its description."""
import math
from typing import Any, Dict, List, Set, Tuple

import numpy as np

_WINDOW = {"kernel", "stride", "padding"}
ATTRIBUTES: Dict[str, Set[str]] = {
    "conv2d": _WINDOW | {"dilation", "groups"}, "gemm": {"transpose_b"},
    "matmul": {"transpose_a", "transpose_b", "scale", "attention"}, "batch_norm": {"epsilon"},
    "layer_norm": {"axis", "epsilon"}, "softmax": {"axis", "attention"}, "clip": {"min", "max"},
    "max_pool2d": _WINDOW | {"dilation", "ceil_mode"}, "avg_pool2d": _WINDOW | {"ceil_mode", "count_include_pad"},
    "global_avg_pool": set(), "reduce_mean": {"axes", "keepdims"}, "concat": {"axis"}, "resize": {"mode", "coordinates"},
    "pad": {"begin", "end"}, "transpose": {"perm"}, "reshape": set(), "slice": {"starts", "steps"}, "expand": set(),
    **{name: set() for name in ("relu", "gelu", "sigmoid", "tanh", "silu", "hard_sigmoid", "hard_swish", "erf", "exp",
                                "sqrt", "neg", "abs", "add", "sub", "mul", "div", "pow", "maximum", "minimum")},
}
_SAME = ("batch_norm", "layer_norm", "softmax", "clip", "relu", "gelu", "sigmoid", "tanh", "silu", "hard_sigmoid",
         "hard_swish", "erf", "exp", "sqrt", "neg", "abs")

Dims = Tuple[int, ...]


def _window(dims: Dims, attributes: Dict[str, Any]) -> Dims:
    """Spatial size after sliding a window; in ceil mode the last window must start inside the input or its left padding."""
    result: List[int] = []
    top, left, bottom, right = attributes["padding"]
    dilation = attributes.get("dilation", [1, 1])
    for axis, (before, after) in enumerate(((top, bottom), (left, right))):
        size, stride = dims[2 + axis], attributes["stride"][axis]
        free = size + before + after - dilation[axis] * (attributes["kernel"][axis] - 1) - 1
        result.append((-(-free // stride) if attributes.get("ceil_mode") else free // stride) + 1)
    return tuple(result)


def _matrix(dims: Dims, transpose: bool) -> Dims:
    return dims[:-2] + (dims[-1], dims[-2]) if transpose else dims


def output_dims(operator: Any) -> Dims:
    """The shape an operator has to write."""
    type_, attributes = operator.type, operator.attributes
    inputs = [tensor.dims for tensor in operator.inputs]
    x, stated = inputs[0], operator.outputs[0].dims
    if type_ in _SAME:
        if type_ in ("softmax", "layer_norm"):
            assert 0 <= attributes["axis"] < len(x)
        if type_ == "batch_norm":
            assert len(inputs) == 5 and all(dims == (x[1],) for dims in inputs[1:])
        if type_ == "layer_norm":
            assert inputs[1] == inputs[2] == x[attributes["axis"]:]
        return x
    if type_ == "conv2d":
        weight = inputs[1]
        assert weight[2:] == tuple(attributes["kernel"]) and weight[1] * attributes["groups"] == x[1]
        assert weight[0] % attributes["groups"] == 0 and inputs[2:] in ([], [(weight[0],)])
        return (x[0], weight[0], *_window(x, attributes))
    if type_ in ("max_pool2d", "avg_pool2d"):
        return (*x[:2], *_window(x, attributes))
    if type_ == "global_avg_pool":
        return (*x[:2], 1, 1)
    if type_ == "gemm":
        k, n = _matrix(inputs[1], attributes["transpose_b"])
        assert x[-1] == k and inputs[2:] in ([], [(n,)])
        return (*x[:-1], n)
    if type_ == "matmul":
        a, b = _matrix(x, attributes["transpose_a"]), _matrix(inputs[1], attributes["transpose_b"])
        assert a[-1] == b[-2]
        return (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    if type_ in ("add", "sub", "mul", "div", "pow", "maximum", "minimum"):
        return np.broadcast_shapes(*inputs)
    if type_ == "reduce_mean":
        axes = attributes["axes"]
        assert axes == sorted(set(axes)) and 0 <= axes[0] and axes[-1] < len(x)
        kept = [1 if axis in axes else dim for axis, dim in enumerate(x) if attributes["keepdims"] or axis not in axes]
        return tuple(kept)
    if type_ == "concat":
        axis = attributes["axis"]
        assert all(dims[:axis] + dims[axis + 1:] == x[:axis] + x[axis + 1:] for dims in inputs)
        return x[:axis] + (sum(dims[axis] for dims in inputs),) + x[axis + 1:]
    if type_ == "resize":
        assert attributes["mode"] in ("linear", "nearest")
        return (*x[:2], *stated[2:])
    if type_ == "pad":
        return tuple(dim + begin + end for dim, begin, end in zip(x, attributes["begin"], attributes["end"], strict=True))
    if type_ == "transpose":
        assert sorted(attributes["perm"]) == list(range(len(x)))
        return tuple(x[axis] for axis in attributes["perm"])
    if type_ == "slice":
        for dim, extent, start, step in zip(x, stated, attributes["starts"], attributes["steps"], strict=True):
            assert start >= 0 and step >= 1 and start + (extent - 1) * step < dim
        return stated
    if type_ == "reshape":
        assert math.prod(x) == math.prod(stated)
        return stated
    assert type_ == "expand" and np.broadcast_shapes(x, stated) == stated
    return stated


def macs(operator: Any) -> int:
    """Multiply-accumulates, written as the loop bounds of the operator."""
    out = operator.outputs[0].dims
    if operator.type == "conv2d":
        n, o, height, width = out
        per_group = operator.inputs[0].dims[1] // operator.attributes["groups"]
        return n * height * width * o * per_group * math.prod(operator.attributes["kernel"])
    if operator.type == "gemm":
        return math.prod(out[:-1]) * out[-1] * operator.inputs[0].dims[-1]
    if operator.type == "matmul":
        depth = operator.inputs[0].dims[-2 if operator.attributes["transpose_a"] else -1]
        return math.prod(out[:-2]) * out[-2] * out[-1] * depth
    return 0
