"""Checks that operands, attributes and output of every canonical operator fit; ONNX's own inference leaves gaps."""
import math
from typing import Callable, Dict, List, Optional

import numpy as np

from .errors import ConversionError
from .graph import Dims, Graph, Operator

_Rule = Callable[[Operator, List[Dims], Dims], Optional[Dims]]  # the output, or None when the operands do not fit


def check_shapes(graph: Graph, model: str) -> None:
    """Raises for the first operator whose output does not follow from its operands."""
    for operator in graph.operators:
        inputs = [graph.dims(key) for key in operator.inputs]
        stated = graph.dims(operator.outputs[0])
        try:
            derived = _RULES.get(operator.type, _same)(operator, inputs, stated)
        except (IndexError, ValueError):
            derived = None
        if derived != stated:
            operands = ", ".join(str(list(dims)) for dims in inputs)
            expected = "operands that fit" if derived is None else f"the output {list(derived)}"
            raise ConversionError(f"{operator.type} of {operands} cannot give {list(stated)}",
                                  f"node '{operator.name}' of model '{model}'", f"expected {expected}")


def _same(_: Operator, inputs: List[Dims], __: Dims) -> Dims:
    return inputs[0]


def _broadcast(_: Operator, inputs: List[Dims], __: Dims) -> Dims:
    return np.broadcast_shapes(*inputs)


def _window(operator: Operator, inputs: List[Dims], _: Dims) -> Dims:
    attributes, x = operator.attributes, inputs[0]
    channels = inputs[1][0] if operator.type == "conv2d" else x[1]
    sizes = []
    for axis in range(2):
        padding = attributes["padding"][axis] + attributes["padding"][axis + 2]
        extent = attributes.get("dilation", [1, 1])[axis] * (attributes["kernel"][axis] - 1) + 1
        steps = (x[2 + axis] + padding - extent) / attributes["stride"][axis]
        sizes.append((math.ceil(steps) if attributes.get("ceil_mode") else math.floor(steps)) + 1)
    return (x[0], channels, *sizes)


def _gemm(operator: Operator, inputs: List[Dims], _: Dims) -> Optional[Dims]:
    n, k = inputs[1] if operator.attributes["transpose_b"] else inputs[1][::-1]
    return (*inputs[0][:-1], n) if inputs[0][-1] == k else None


def _matmul(operator: Operator, inputs: List[Dims], _: Dims) -> Optional[Dims]:
    a, b = inputs
    m, k = a[-2:][::-1] if operator.attributes["transpose_a"] else a[-2:]
    n, depth = b[-2:] if operator.attributes["transpose_b"] else b[-2:][::-1]
    return (*np.broadcast_shapes(a[:-2], b[:-2]), m, n) if k == depth else None


def _reduce_mean(operator: Operator, inputs: List[Dims], _: Dims) -> Optional[Dims]:
    axes, x = operator.attributes["axes"], inputs[0]
    if len(set(axes)) != len(axes) or not axes:
        return None
    if operator.attributes["keepdims"]:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(x))
    return tuple(dim for axis, dim in enumerate(x) if axis not in axes)


def _concat(operator: Operator, inputs: List[Dims], _: Dims) -> Optional[Dims]:
    axis, x = operator.attributes["axis"], inputs[0]
    if any(dims[:axis] + dims[axis + 1:] != x[:axis] + x[axis + 1:] for dims in inputs):
        return None
    return x[:axis] + (sum(dims[axis] for dims in inputs),) + x[axis + 1:]


def _pad(operator: Operator, inputs: List[Dims], _: Dims) -> Dims:
    attributes = operator.attributes
    return tuple(dim + begin + end for dim, begin, end in zip(inputs[0], attributes["begin"], attributes["end"]))


def _transpose(operator: Operator, inputs: List[Dims], _: Dims) -> Optional[Dims]:
    perm = operator.attributes["perm"]
    return tuple(inputs[0][axis] for axis in perm) if sorted(perm) == list(range(len(inputs[0]))) else None


def _reshape(_: Operator, inputs: List[Dims], stated: Dims) -> Optional[Dims]:
    return stated if math.prod(inputs[0]) == math.prod(stated) else None


def _slice(operator: Operator, inputs: List[Dims], stated: Dims) -> Optional[Dims]:
    starts, steps = operator.attributes["starts"], operator.attributes["steps"]
    inside = len(stated) == len(inputs[0]) and all(
        start + (extent - 1) * step < dim for start, extent, step, dim in zip(starts, stated, steps, inputs[0]))
    return stated if inside else None


def _expand(_: Operator, inputs: List[Dims], stated: Dims) -> Dims:
    return np.broadcast_shapes(inputs[0], stated)


def _resize(_: Operator, inputs: List[Dims], stated: Dims) -> Dims:
    return (*inputs[0][:2], *stated[2:])


def _global_pool(_: Operator, inputs: List[Dims], __: Dims) -> Dims:
    return (*inputs[0][:2], 1, 1)


_RULES: Dict[str, _Rule] = {
    "conv2d": _window, "max_pool2d": _window, "avg_pool2d": _window, "global_avg_pool": _global_pool, "gemm": _gemm,
    "matmul": _matmul, "reduce_mean": _reduce_mean, "concat": _concat, "pad": _pad, "transpose": _transpose,
    "reshape": _reshape, "slice": _slice, "expand": _expand, "resize": _resize,
    **{name: _broadcast for name in ("add", "sub", "mul", "div", "pow", "maximum", "minimum")},
}
