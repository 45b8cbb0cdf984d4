"""Lowering rules of element-wise operators."""
from typing import Optional

import numpy as np

from .lowering import Node, lowers

_UNARY = {"Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "HardSigmoid": "hard_sigmoid", "HardSwish": "hard_swish",
          "Erf": "erf", "Exp": "exp", "Sqrt": "sqrt", "Neg": "neg", "Abs": "abs"}
_BINARY = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow"}
_VARIADIC = {"Max": "maximum", "Min": "minimum", "Sum": "add"}


def number(value: float) -> float:
    """The shortest decimal that rounds to the same single-precision number."""
    return float(str(np.float32(value)))


@lowers(*_UNARY)
def unary(node: Node) -> None:
    node.emit(_UNARY[node.type], node.inputs[:1], node.output)


@lowers(*_BINARY)
def binary(node: Node) -> None:
    node.emit(_BINARY[node.type], node.inputs, node.output)


@lowers(*_VARIADIC)
def variadic(node: Node) -> None:
    if len(node.inputs) == 1:
        node.alias()
        return
    left = node.inputs[0]
    for index, right in enumerate(node.inputs[1:], start=1):
        last = index == len(node.inputs) - 1
        dims = np.broadcast_shapes(node.graph.dims(left), node.graph.dims(right))
        target = node.output if last else node.intermediate(f"part{index}", dims)
        left = node.emit(_VARIADIC[node.type], [left, right], target, step="" if last else f"part{index}")


@lowers("Clip")
def clip(node: Node) -> None:
    def bound(index: int) -> Optional[float]:
        value = float(node.value(index).reshape(())[()]) if node.has(index) else None
        return None if value is None or not np.isfinite(value) else number(value)
    node.emit("clip", node.inputs[:1], node.output, {"min": bound(1), "max": bound(2)})


@lowers("Cast")
def cast(node: Node) -> None:
    source = node.graph.tensors[node.inputs[0]]
    if source.constant is not None:
        node.derive(source.constant, source.dims)
    elif source.dtype == node.attributes["to"]:
        node.alias()
    else:
        raise node.unsupported("change of element type at run time")


@lowers("Identity")
def identity(node: Node) -> None:
    node.alias()


@lowers("Dropout")
def dropout(node: Node) -> None:
    if node.has(2) and (not node.graph.is_constant(node.inputs[2]) or bool(node.value(2).reshape(-1)[0])):
        raise node.invalid("training_mode is set", "expected a model exported for inference")
    node.alias()
