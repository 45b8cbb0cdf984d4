"""The rows of a trace: tensors with roles, operators with attributes, and the totals."""
import json
import math
from dataclasses import dataclass
from typing import Dict, List

from onnx import TensorProto

from .errors import ConversionError, UnsupportedError
from .graph import Constant, Dims, Graph, Operator, Origin, Tensor, unique

ACTIVATION, PARAMETER, STATISTIC, CONSTANT = range(4)
MAX_RANK = 8

_DTYPES = {TensorProto.FLOAT: 0, TensorProto.FLOAT16: 1, TensorProto.BFLOAT16: 2, TensorProto.INT8: 3,
           TensorProto.UINT8: 4, TensorProto.INT32: 5, TensorProto.INT64: 6, TensorProto.BOOL: 7}
_WEIGHTED = ("conv2d", "gemm", "batch_norm", "layer_norm")


@dataclass(frozen=True)
class TensorRow:
    """One row of /tensors."""

    name: str
    dtype: int
    role: int
    dims: Dims


@dataclass(frozen=True)
class OperatorRow:
    """One row of /operators; inputs and outputs index the tensor rows."""

    name: str
    type: str
    attributes: str
    inputs: List[int]
    outputs: List[int]


@dataclass(frozen=True)
class Trace:
    """A complete trace, ready to be written."""

    model: str
    source: str
    tool_versions: str
    tensors: List[TensorRow]
    operators: List[OperatorRow]
    inputs: List[int]
    outputs: List[int]
    macs: int
    parameters: int


def build_trace(graph: Graph, model: str, source: str, versions: Dict[str, str]) -> Trace:
    """Numbers tensors in order of first use; a constant is entered anew by every operator input that reads it."""
    rows: List[TensorRow] = []
    index: Dict[str, int] = {}
    names: set = {graph.tensors[key].name for key in _activations(graph)}

    def enter(tensor: Tensor, role: int, name: str) -> int:
        rows.append(_row(tensor, role, name, model))
        return len(rows) - 1

    def activation(key: str) -> int:
        if key not in index:
            index[key] = enter(graph.tensors[key], ACTIVATION, key)
        return index[key]

    def operand(operator: Operator, slot: int) -> int:
        tensor = graph.tensors[operator.inputs[slot]]
        if tensor.constant is None:
            return activation(operator.inputs[slot])
        name = unique(tensor.name, names)
        names.add(name)
        return enter(tensor, _role(operator, slot, tensor.constant, tensor.dims), name)

    inputs = [activation(key) for key in graph.inputs]
    operators: Dict[str, OperatorRow] = {}
    for operator in graph.operators:
        operands = [operand(operator, slot) for slot in range(len(operator.inputs))]
        results = [activation(key) for key in operator.outputs]
        name = unique(operator.name, operators)
        operators[name] = OperatorRow(name, operator.type, _json(operator, model), operands, results)
    macs = sum(count_macs(graph, operator) for operator in graph.operators)
    parameters = sum(math.prod(row.dims) for row in rows if row.role == PARAMETER)
    if max(macs, parameters) >= 2**63:
        raise ConversionError("the totals overflow", f"model '{model}'", "expected fewer than 2^63 MACs and parameters")
    return Trace(model, source, json.dumps(versions, sort_keys=True, separators=(",", ":")), rows, list(operators.values()),
                 inputs,
                 [activation(key) for key in graph.outputs], macs, parameters)


def count_macs(graph: Graph, operator: Operator) -> int:
    """Multiply-accumulates of an operator, padding counted."""
    if operator.type not in ("conv2d", "gemm", "matmul"):
        return 0
    results = math.prod(graph.dims(operator.outputs[0]))
    if operator.type == "conv2d":
        return results * math.prod(graph.dims(operator.inputs[1])[1:])
    a = graph.dims(operator.inputs[0])
    return results * (a[-2] if operator.attributes.get("transpose_a") else a[-1])


def _activations(graph: Graph) -> List[str]:
    return [*graph.inputs, *(key for operator in graph.operators for key in operator.outputs)]


def _role(operator: Operator, slot: int, constant: Constant, dims: Dims) -> int:
    """Weights are learnt wherever the file keeps them; other operands if they are stored and more than one number."""
    if constant.origin is Origin.IMPLIED:
        return CONSTANT
    if operator.type in _WEIGHTED and slot > 0:
        return STATISTIC if operator.type == "batch_norm" and slot >= 3 else PARAMETER
    return PARAMETER if constant.origin is Origin.STORED and math.prod(dims) > 1 else CONSTANT


def _json(operator: Operator, model: str) -> str:
    try:
        return json.dumps(operator.attributes, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise ConversionError(f"an attribute is not finite ({operator.attributes})",
                              f"node '{operator.name}' of model '{model}'", "expected finite numbers") from error


def _row(tensor: Tensor, role: int, name: str, model: str) -> TensorRow:
    where = f"tensor '{name}' of model '{model}'"
    if tensor.dtype not in _DTYPES:
        kind = TensorProto.DataType.Name(tensor.dtype)
        raise UnsupportedError(f"element type {kind} is not defined", where, "expected a type of traces/SCHEMA.md")
    if len(tensor.dims) > MAX_RANK:
        raise UnsupportedError(f"rank {len(tensor.dims)} is not defined", where, f"expected at most {MAX_RANK}")
    if any(dim < 1 for dim in tensor.dims):
        raise ConversionError(f"dimensions are {list(tensor.dims)}", where, "expected every dimension to be at least 1")
    return TensorRow(name, _DTYPES[tensor.dtype], role, tensor.dims)
