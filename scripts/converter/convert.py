"""From a model to a trace: the steps shared by ONNX files and torchvision models."""
import os
import tempfile
from typing import Dict, Optional, Tuple

from . import hdf5_writer, onnx_load, onnx_shapes, torchvision_export
from .attention import recognise_attention
from .graph import Dims
from .lowering import lower, supported_types
from .patterns import recognise
from .shape_check import check_shapes
from .trace import Trace, build_trace

from . import lower_elementwise, lower_layers, lower_layout  # noqa: F401  (their import registers the rules)

LIBRARY_INPUT: Dims = (1, 3, 224, 224)
LIBRARY: Dict[str, Tuple[str, Dims]] = {
    **{name: (name, LIBRARY_INPUT) for name in (
        "resnet50", "deeplabv3_resnet50", "fcn_resnet50", "vit_b_16", "resnet50_v1", "resnet18", "resnet34", "resnet101",
        "mobilenet_v2", "mobilenet_v2_1.4", "squeezenet1_1", "efficientnet_b0")},
    "fcn_resnet50_520": ("fcn_resnet50", (1, 3, 520, 520)),
}


def trace_onnx(path: str, shapes: onnx_shapes.InputShapes, name: Optional[str] = None) -> Trace:
    """The trace of an ONNX file."""
    model = onnx_load.read_model(path)
    opset = onnx_load.opset_of(model, path)
    base = os.path.basename(path)
    name = name or os.path.splitext(base)[0]
    return _trace(model, opset, path, shapes, name, f"onnx {base} opset {opset}", hdf5_writer.tool_versions())


def trace_torchvision(architecture: str, dims: Dims, name: Optional[str] = None) -> Trace:
    """The trace of a torchvision model."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, f"{architecture}.onnx")
        torchvision_export.export(architecture, dims, path)
        model = onnx_load.read_model(path)
    versions = {**hdf5_writer.tool_versions(), **torchvision_export.versions()}
    return _trace(model, onnx_load.opset_of(model, architecture), f"torchvision {architecture}", {},
                  name or architecture, torchvision_export.source_of(architecture), versions)


def write_library(directory: str) -> None:
    """Regenerates the traces that are committed with the simulator."""
    for name, (architecture, dims) in LIBRARY.items():
        trace = trace_torchvision(architecture, dims, name)
        hdf5_writer.write_trace(trace, os.path.join(directory, f"{name}.h5"))


def _trace(model: "onnx_load.onnx.ModelProto", opset: int, path: str, shapes: onnx_shapes.InputShapes, name: str,
           source: str, versions: Dict[str, str]) -> Trace:
    onnx_load.check_structure(model.graph, path)
    onnx_shapes.fix_inputs(model.graph, shapes, path)
    nodes = onnx_load.sort_nodes(model.graph, path)
    onnx_load.check_supported(nodes, supported_types(), name)
    onnx_load.check_nodes(nodes, opset, model.ir_version, path)
    onnx_load.check_inference_mode(nodes, path)
    onnx_load.check_windows(nodes, path)
    graph = lower(onnx_shapes.infer(model, nodes, opset, name, path))
    check_shapes(graph, name)
    recognise(graph)
    recognise_attention(graph)
    return build_trace(graph, name, source, versions)
