"""Reads an ONNX file and checks its structure before anything is derived from it."""
import math
import os
import warnings
from typing import Dict, List, Tuple

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, mapping

from .errors import ConversionError, unsupported_operator

OPSETS = range(11, 18)
MAX_ELEMENTS = 2**63 - 1

_TYPED_FIELDS = {
    TensorProto.FLOAT: "float_data", TensorProto.DOUBLE: "double_data", TensorProto.INT64: "int64_data",
    TensorProto.UINT32: "uint64_data", TensorProto.UINT64: "uint64_data",
}

_LEAST = {"kernel_shape": 1, "strides": 1, "dilations": 1, "group": 1, "pads": 0}


def read_model(path: str) -> onnx.ModelProto:
    """Parses the file; weights in external files are not needed and not read."""
    try:
        if not os.path.getsize(path):
            raise ConversionError("the file is empty", path, "expected an ONNX model")
        with warnings.catch_warnings(record=True) as doubts:
            model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise ConversionError(f"cannot read the file ({error.strerror})", path, "expected an ONNX model") from error
    except (DecodeError, ValueError) as error:
        raise ConversionError("the file is truncated or no ONNX model", path, "expected a complete ONNX model") from error
    if doubts or not model.ir_version or not model.HasField("graph") or not model.opset_import:
        raise ConversionError("the file holds no ONNX model", path, "expected ir_version, opset_import and graph")
    return model


def opset_of(model: onnx.ModelProto, path: str) -> int:
    """Version of the default operator set."""
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        found = " and ".join(str(version) for version in versions) or "missing"
        raise ConversionError(f"operator set is {found}", path, f"expected opset {OPSETS[0]} to {OPSETS[-1]}")
    return versions[0]


def label(node: onnx.NodeProto) -> str:
    """How messages and the trace call a node."""
    return node.name or next((name for name in node.output if name), f"unnamed {node.op_type}")


def check_structure(graph: onnx.GraphProto, path: str) -> None:
    """Every name defined once, every use defined, sizes positive, stored values complete."""
    if graph.sparse_initializer:
        raise ConversionError("sparse initialisers are present", path, "expected dense initialisers")
    initialisers: Dict[str, TensorProto] = {}
    for tensor in graph.initializer:
        if tensor.name in initialisers:
            raise ConversionError(f"initialiser '{tensor.name}' is defined twice", path, "expected one definition")
        initialisers[tensor.name] = tensor
        _check_initialiser(tensor, path)
    defined: Dict[str, str] = {name: "initialiser" for name in initialisers}
    for value in graph.input:
        if defined.get(value.name) == "input":
            raise ConversionError(f"input '{value.name}' is defined twice", path, "expected one definition")
        defined[value.name] = "input"
    for node in graph.node:
        for name in filter(None, node.output):
            if name in defined:
                raise ConversionError(f"tensor '{name}' is defined twice", f"node '{label(node)}' of {path}",
                                      "expected one producer per tensor")
            defined[name] = "node"
    for node in graph.node:
        for name in filter(None, node.input):
            if name not in defined:
                raise ConversionError(f"tensor '{name}' is missing", f"input of node '{label(node)}' of {path}",
                                      "expected a graph input, an initialiser or a node output")
    if not graph.output:
        raise ConversionError("the graph has no output", path, "expected at least one")
    for value in graph.output:
        if value.name not in defined:
            raise ConversionError(f"graph output '{value.name}' is missing", path, "expected a node that writes it")


def sort_nodes(graph: onnx.GraphProto, path: str) -> List[onnx.NodeProto]:
    """The nodes in topological order, keeping the file's order where it is one."""
    pending: List[onnx.NodeProto] = list(graph.node)
    ready = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    ordered: List[onnx.NodeProto] = []
    while pending:
        waiting = []
        for node in pending:
            if all(name in ready for name in node.input if name):
                ordered.append(node)
                ready.update(node.output)
            else:
                waiting.append(node)
        if len(waiting) == len(pending):
            raise ConversionError("the graph has a cycle", f"node '{label(waiting[0])}' of {path}",
                                  "expected an acyclic graph")
        pending = waiting
    return ordered


def check_dims(dims: Tuple[int, ...], what: str, path: str) -> None:
    """All dimensions positive and their product within 64 bits."""
    if any(dim < 1 for dim in dims):
        raise ConversionError(f"{what} has dimensions {list(dims)}", path, "expected every dimension to be at least 1")
    if math.prod(dims) > MAX_ELEMENTS:
        raise ConversionError(f"{what} has dimensions {list(dims)}", path, "expected fewer than 2^63 elements")


def check_supported(nodes: List[onnx.NodeProto], supported: frozenset, model: str) -> None:
    """Every operator type has a definition."""
    for node in nodes:
        if node.domain not in ("", "ai.onnx"):
            raise unsupported_operator(f"{node.domain}.{node.op_type}", label(node), model)
        if node.op_type not in supported:
            raise unsupported_operator(node.op_type, label(node), model)


def check_nodes(nodes: List[onnx.NodeProto], opset: int, ir_version: int, path: str) -> None:
    """The attributes and the number of operands of every node follow the ONNX standard."""
    context = onnx.checker.C.CheckerContext()
    context.ir_version, context.opset_imports = ir_version, {"": opset, "ai.onnx": opset}
    for node in nodes:
        try:
            onnx.checker.check_node(node, context)
        except onnx.checker.ValidationError as error:
            raise ConversionError(f"{node.op_type} is not valid ({error})", f"node '{label(node)}' of {path}",
                                  f"expected a node of ONNX opset {opset}") from error


def check_inference_mode(nodes: List[onnx.NodeProto], path: str) -> None:
    """Batch normalisation uses stored statistics."""
    for node in nodes:
        training = any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute)
        if node.op_type == "BatchNormalization" and (training or any(node.output[1:])):
            raise ConversionError("BatchNormalization is in training mode", f"node '{label(node)}' of {path}",
                                  "expected a model exported for inference")


def check_windows(nodes: List[onnx.NodeProto], path: str) -> None:
    """Windows advance and stay inside their padding; shape inference divides by these attributes unchecked."""
    for node in nodes:
        for attribute in node.attribute:
            least = _LEAST.get(attribute.name)
            values = [*attribute.ints, attribute.i] if attribute.type == attribute.INT else list(attribute.ints)
            if least is not None and node.op_type != "Pad" and any(value < least for value in values):
                raise ConversionError(f"{node.op_type}: {attribute.name} is {values}", f"node '{label(node)}' of {path}",
                                      f"expected at least {least}")


def _check_initialiser(tensor: TensorProto, path: str) -> None:
    dims = tuple(tensor.dims)
    what = f"initialiser '{tensor.name}'"
    if any(dim < 0 for dim in dims) or math.prod(dims) > MAX_ELEMENTS:
        check_dims(dims, what, path)
    if tensor.data_type not in mapping.TENSOR_TYPE_TO_NP_TYPE:
        raise ConversionError(f"{what} has element type {tensor.data_type}", path, "expected an ONNX element type")
    if tensor.data_location == TensorProto.EXTERNAL or tensor.data_type == TensorProto.STRING:
        return
    elements = math.prod(dims)
    if tensor.HasField("raw_data"):
        width = 2 if tensor.data_type == TensorProto.BFLOAT16 else \
            mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.data_type].itemsize
        found, expected = len(tensor.raw_data), elements * width
    else:
        found, expected = len(getattr(tensor, _TYPED_FIELDS.get(tensor.data_type, "int32_data"))), elements
        if tensor.data_type in (TensorProto.COMPLEX64, TensorProto.COMPLEX128):
            return
    if found != expected:
        unit = "bytes" if tensor.HasField("raw_data") else "values"
        raise ConversionError(f"{what} stores {found} {unit}", path, f"expected {expected} for dimensions {list(dims)}")
