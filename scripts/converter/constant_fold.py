"""Numpy evaluation of the operators that appear in shape arithmetic."""
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
from onnx import helper, mapping, numpy_helper

MAX_FOLDED_ELEMENTS = 1 << 24

Attributes = Dict[str, Any]
Arrays = Sequence[Optional[np.ndarray]]


def _divide(inputs: Arrays, _: Attributes) -> np.ndarray:
    dividend, divisor = inputs
    if np.issubdtype(dividend.dtype, np.integer):
        quotient = np.abs(dividend) // np.abs(divisor)
        return (quotient * np.sign(dividend) * np.sign(divisor)).astype(dividend.dtype)
    return dividend / divisor


def _axes(inputs: Arrays, attributes: Attributes) -> Optional[List[int]]:
    if len(inputs) > 1 and inputs[1] is not None:
        return [int(axis) for axis in inputs[1].reshape(-1)]
    return list(attributes["axes"]) if "axes" in attributes else None


def _unsqueeze(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    axes = _axes(inputs, attributes) or []
    rank = inputs[0].ndim + len(axes)
    return np.expand_dims(inputs[0], tuple(sorted(axis % rank for axis in axes)))


def _squeeze(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    axes = _axes(inputs, attributes)
    return np.squeeze(inputs[0], None if axes is None else tuple(axes))


def _reshape(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    shape = [int(dim) for dim in inputs[1]]
    if not attributes.get("allowzero", 0):
        shape = [inputs[0].shape[i] if dim == 0 else dim for i, dim in enumerate(shape)]
    return inputs[0].reshape(shape)


def _slice(inputs: Arrays, _: Attributes) -> np.ndarray:
    data, starts, ends = inputs[:3]
    axes = inputs[3] if len(inputs) > 3 and inputs[3] is not None else np.arange(len(starts))
    steps = inputs[4] if len(inputs) > 4 and inputs[4] is not None else np.ones(len(starts), np.int64)
    window = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        stop = None if step < 0 and end < -data.shape[axis] else int(end)
        window[int(axis)] = slice(int(start), stop, int(step))
    return data[tuple(window)]


def _constant_of_shape(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    fill = numpy_helper.to_array(attributes["value"]) if "value" in attributes else np.zeros(1, np.float32)
    return np.full([int(dim) for dim in inputs[0]], fill.reshape(()), fill.dtype)


def _cast(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    return inputs[0].astype(mapping.TENSOR_TYPE_TO_NP_TYPE[attributes["to"]])


def _expand(inputs: Arrays, _: Attributes) -> np.ndarray:
    return inputs[0] * np.ones([int(dim) for dim in inputs[1]], inputs[0].dtype)


def _range(inputs: Arrays, _: Attributes) -> np.ndarray:
    start, limit, delta = (value.reshape(())[()] for value in inputs)
    if abs(float(limit) - float(start)) > MAX_FOLDED_ELEMENTS * abs(float(delta)):
        raise ValueError("too many elements")
    return np.arange(start, limit, delta, dtype=inputs[0].dtype)


def _reduce_product(inputs: Arrays, attributes: Attributes) -> np.ndarray:
    axes = tuple(attributes["axes"]) if "axes" in attributes else None
    return np.prod(inputs[0], axis=axes, keepdims=bool(attributes.get("keepdims", 1)), dtype=inputs[0].dtype)


def _unary(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays, Attributes], np.ndarray]:
    return lambda inputs, _: function(inputs[0])


def _binary(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Arrays, Attributes], np.ndarray]:
    return lambda inputs, _: function(inputs[0], inputs[1])


_RULES: Dict[str, Callable[[Arrays, Attributes], np.ndarray]] = {
    "Abs": _unary(np.abs), "Ceil": _unary(np.ceil), "Exp": _unary(np.exp), "Floor": _unary(np.floor),
    "Identity": _unary(np.asarray), "Neg": _unary(np.negative), "Not": _unary(np.logical_not), "Sqrt": _unary(np.sqrt),
    "Add": _binary(np.add), "And": _binary(np.logical_and), "Equal": _binary(np.equal), "Greater": _binary(np.greater),
    "Less": _binary(np.less), "Max": _binary(np.maximum), "Min": _binary(np.minimum),
    "Mul": _binary(np.multiply), "Or": _binary(np.logical_or), "Pow": lambda i, _: np.power(*i).astype(i[0].dtype),
    "Sub": _binary(np.subtract), "Div": _divide,
    "Mod": lambda inputs, attributes: (np.fmod if attributes.get("fmod", 0) else np.mod)(*inputs),
    "Cast": _cast, "ConstantOfShape": _constant_of_shape, "Expand": _expand, "ReduceProd": _reduce_product,
    "Concat": lambda inputs, attributes: np.concatenate(inputs, axis=attributes["axis"]),
    "Gather": lambda inputs, attributes: np.take(inputs[0], inputs[1], axis=attributes.get("axis", 0)),
    "Range": _range,
    "Reshape": _reshape, "Slice": _slice, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze,
    "Transpose": lambda inputs, attributes: np.transpose(inputs[0], attributes.get("perm")),
    "Where": lambda inputs, _: np.where(*inputs),
}

FOLDABLE = frozenset(_RULES) | {"Constant", "Shape", "Size"}


def attributes_of(node: Any) -> Attributes:
    """The attributes of an ONNX node as Python values."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def constant_value(node: Any) -> Optional[np.ndarray]:
    """The tensor of a Constant node; None for text and sparse ones."""
    for name, value in attributes_of(node).items():
        if name == "value":
            return numpy_helper.to_array(value)
        if name in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if name in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
    return None


def evaluate(node: Any, inputs: Arrays) -> Optional[np.ndarray]:
    """Result of a node with one output over constant inputs, or None when it is not foldable or too large."""
    rule = _RULES.get(node.op_type)
    if rule is None or len(node.output) != 1 or not inputs or inputs[0] is None:
        return None
    if node.op_type in ("ConstantOfShape", "Expand") and \
            float(np.prod(inputs[-1].astype(np.float64))) > MAX_FOLDED_ELEMENTS:
        return None
    if node.op_type in ("Max", "Min") and len(inputs) != 2:
        return None
    with np.errstate(all="ignore"):
        return np.asarray(rule(inputs, attributes_of(node)))
