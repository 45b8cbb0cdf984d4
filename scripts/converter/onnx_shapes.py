"""Fixes input shapes, infers every tensor's shape and folds constant sub-expressions of an ONNX graph."""
import math
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from . import constant_fold
from .errors import ConversionError
from .graph import Constant, Dims, Origin
from .onnx_load import check_dims, label

MAX_STORED_ELEMENTS = 4096

InputShapes = Dict[Optional[str], Dims]


@dataclass
class ImportedModel:
    """An ONNX graph with static shapes and without shape arithmetic."""

    name: str
    opset: int
    nodes: List[onnx.NodeProto]
    types: Dict[str, Tuple[int, Dims]]  # element type and dimensions of every tensor
    constants: Dict[str, Constant]
    inputs: List[str]
    outputs: List[str]


def fix_inputs(graph: onnx.GraphProto, shapes: InputShapes, path: str) -> None:
    """Writes the requested shapes into the graph's inputs; the key None stands for the only input."""
    stored = {tensor.name for tensor in graph.initializer}
    inputs = {value.name: value for value in graph.input if value.name not in stored}
    for name, dims in shapes.items():
        if name is None and len(inputs) != 1:
            raise ConversionError("--input names no tensor", path, f"expected NAME=shape for one of {sorted(inputs)}")
        key = next(iter(inputs)) if name is None else name
        if key not in inputs:
            raise ConversionError(f"--input names '{key}'", path, f"expected one of {sorted(inputs)}")
        shape = inputs[key].type.tensor_type.shape
        if not inputs[key].type.tensor_type.HasField("shape"):
            shape.dim.extend(onnx.TensorShapeProto.Dimension() for _ in dims)
        if len(shape.dim) != len(dims):
            raise ConversionError(f"--input gives {len(dims)} dimensions", f"input '{key}' of {path}",
                                  f"expected {len(shape.dim)}")
        for dim, size in zip(shape.dim, dims):
            if dim.HasField("dim_value") and dim.dim_value != size:
                raise ConversionError(f"--input gives {size}", f"input '{key}' of {path}",
                                      f"expected the fixed dimension {dim.dim_value}")
            dim.dim_value = size
    for key, value in inputs.items():
        if value.type.WhichOneof("value") != "tensor_type":
            raise ConversionError(f"input '{key}' is no tensor", path, "expected a tensor")
        shape = value.type.tensor_type.shape
        if not value.type.tensor_type.HasField("shape") or any(not dim.HasField("dim_value") for dim in shape.dim):
            raise ConversionError(f"input '{key}' has a dynamic shape", path,
                                  f"expected fixed dimensions, e.g. --input {key}=1x3x224x224")
        check_dims(tuple(dim.dim_value for dim in shape.dim), f"input '{key}'", path)


def infer(model: onnx.ModelProto, nodes: List[onnx.NodeProto], opset: int, name: str, path: str) -> ImportedModel:
    """Alternates shape inference and constant folding until neither finds more."""
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in stored]
    constants, folded = _read_initialisers(model.graph)
    skeleton = _without_weights(model, constants)
    while True:
        types = _infer_once(skeleton, nodes, path)
        remaining = []
        for node in nodes:
            value = _fold(node, folded, types, path)
            if value is None:
                remaining.append(node)
                continue
            result = node.output[0]
            folded[result] = value
            constants[result] = Constant(Origin.LITERAL, value)
            skeleton.graph.initializer.append(numpy_helper.from_array(value, result))
        if len(remaining) == len(nodes):
            break
        nodes = remaining
    _check_static(nodes, types, path)
    _check_declared(model.graph, types, path)
    return ImportedModel(name, opset, nodes, types, constants, inputs, [value.name for value in model.graph.output])


def _read_initialisers(graph: onnx.GraphProto) -> Tuple[Dict[str, Constant], Dict[str, np.ndarray]]:
    """The small values among the initialisers; integers and single numbers also take part in folding."""
    constants: Dict[str, Constant] = {}
    foldable: Dict[str, np.ndarray] = {}
    for tensor in graph.initializer:
        values = None
        if math.prod(tensor.dims) <= MAX_STORED_ELEMENTS and tensor.data_location != TensorProto.EXTERNAL:
            values = numpy_helper.to_array(tensor)
            if values.size == 1 or values.dtype.kind in "iub":
                foldable[tensor.name] = values
        constants[tensor.name] = Constant(Origin.STORED, values)
    return constants, foldable


def _without_weights(model: onnx.ModelProto, constants: Dict[str, Constant]) -> onnx.ModelProto:
    """The model's frame for shape inference: large initialisers become inputs of their shape."""
    skeleton = onnx.ModelProto(ir_version=max(model.ir_version, 4), opset_import=model.opset_import)
    skeleton.graph.name = model.graph.name or "graph"
    stored = {tensor.name for tensor in model.graph.initializer}
    skeleton.graph.input.extend(value for value in model.graph.input if value.name not in stored)
    for tensor in model.graph.initializer:
        if constants[tensor.name].values is not None:
            skeleton.graph.initializer.append(tensor)
        else:
            skeleton.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    for value in model.graph.output:
        output = skeleton.graph.output.add()
        output.name = value.name
        if value.type.tensor_type.elem_type:
            output.type.tensor_type.elem_type = value.type.tensor_type.elem_type
    return skeleton


def _infer_once(skeleton: onnx.ModelProto, nodes: List[onnx.NodeProto], path: str) -> Dict[str, Tuple[int, Dims]]:
    """Element type and shape of every tensor whose shape is known in full."""
    del skeleton.graph.node[:]
    skeleton.graph.node.extend(nodes)
    try:
        inferred = onnx.shape_inference.infer_shapes(skeleton, check_type=True, strict_mode=True)
    except (onnx.shape_inference.InferenceError, RuntimeError) as error:
        raise _contradiction(error, path) from error
    types: Dict[str, Tuple[int, Dims]] = {}
    for value in [*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output]:
        known = _static(value)
        if known is not None:
            types[value.name] = known
    for tensor in inferred.graph.initializer:
        types[tensor.name] = (tensor.data_type, tuple(tensor.dims))
    return types


def _contradiction(error: Exception, path: str) -> ConversionError:
    return ConversionError(f"the model contradicts itself ({error})", path, "expected a valid ONNX model")


def _static(value: onnx.ValueInfoProto) -> Optional[Tuple[int, Dims]]:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape") or any(not dim.HasField("dim_value") for dim in tensor.shape.dim):
        return None
    return tensor.elem_type, tuple(dim.dim_value for dim in tensor.shape.dim)


def _fold(node: onnx.NodeProto, folded: Dict[str, np.ndarray], types: Dict[str, Tuple[int, Dims]],
          path: str) -> Optional[np.ndarray]:
    if node.op_type == "Constant":
        return constant_fold.constant_value(node)
    if node.op_type in ("Shape", "Size"):
        if node.input[0] not in types:
            return None
        dims = types[node.input[0]][1]
        if node.op_type == "Size":
            return np.asarray(math.prod(dims), np.int64)
        attributes = constant_fold.attributes_of(node)
        return np.asarray(dims[attributes.get("start", 0):attributes.get("end", len(dims))], np.int64)
    if any(name and name not in folded for name in node.input):
        return None
    try:
        return constant_fold.evaluate(node, [folded[name] if name else None for name in node.input])
    except (ArithmeticError, IndexError, KeyError, MemoryError, TypeError, ValueError) as error:
        raise ConversionError(f"constant operator {node.op_type} cannot be evaluated ({error})",
                              f"node '{label(node)}' of {path}", "expected valid operands") from error


def _check_static(nodes: List[onnx.NodeProto], types: Dict[str, Tuple[int, Dims]], path: str) -> None:
    for node in nodes:
        for name in filter(None, node.output):
            if name not in types:
                raise ConversionError(f"tensor '{name}' has no static shape", f"node '{label(node)}' of {path}",
                                      "expected fixed dimensions (see --input)")
            check_dims(types[name][1], f"tensor '{name}'", path)


def _check_declared(graph: onnx.GraphProto, types: Dict[str, Tuple[int, Dims]], path: str) -> None:
    """Shapes the file states must agree with the derived ones."""
    for value in [*graph.value_info, *graph.output]:
        stated = value.type.tensor_type
        if not stated.HasField("shape") or value.name not in types:
            continue
        derived = types[value.name][1]
        agrees = len(stated.shape.dim) == len(derived) and all(
            not dim.HasField("dim_value") or dim.dim_value == size for dim, size in zip(stated.shape.dim, derived))
        if not agrees:
            found = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in stated.shape.dim]
            raise ConversionError(f"tensor '{value.name}' is declared as {found}", path,
                                  f"expected {list(derived)} from its operator")
