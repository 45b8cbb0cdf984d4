"""Lowering rules of operators that move, join or resample data."""
import math
from typing import List, Sequence, Tuple

import numpy as np

from .graph import Constant, Dims
from .lowering import Node, lowers


@lowers("Reshape", "Flatten", "Squeeze", "Unsqueeze")
def reshape(node: Node) -> None:
    output, dims = node.output, node.output_dims()
    source = node.graph.tensors[node.inputs[0]]
    if math.prod(source.dims) != math.prod(dims):
        raise node.invalid(f"{list(source.dims)} cannot become {list(dims)}", "expected the same number of elements")
    if source.constant is not None:
        values = source.constant.values
        node.derive(Constant(source.constant.origin, None if values is None else values.reshape(dims)), dims)
    else:
        node.emit("reshape", node.inputs[:1], output)


@lowers("Transpose")
def transpose(node: Node) -> None:
    source = node.graph.tensors[node.inputs[0]]
    perm = list(node.attributes.get("perm", reversed(range(len(source.dims)))))
    if source.constant is None:
        node.emit("transpose", node.inputs, node.output, {"perm": perm})
        return
    values = source.constant.values
    base = node.inputs[0] if perm == [1, 0] else None
    node.derive(Constant(source.constant.origin, None if values is None else values.transpose(perm), base),
                tuple(source.dims[axis] for axis in perm))


@lowers("Concat")
def concat(node: Node) -> None:
    axis = node.axis(node.attributes["axis"], len(node.output_dims()))
    if len(node.inputs) == 1:
        node.alias()
    else:
        node.emit("concat", node.inputs, node.output, {"axis": axis})


@lowers("Expand")
def expand(node: Node) -> None:
    node.emit("expand", node.inputs[:1], node.output)


def _emit_slice(node: Node, output: str, starts: Sequence[int], steps: Sequence[int], step: str = "") -> str:
    return node.emit("slice", node.inputs[:1], output, {"starts": list(starts), "steps": list(steps)}, step=step)


@lowers("Slice")
def slice_(node: Node) -> None:
    dims = node.dims(0)
    starts, steps = [0] * len(dims), [1] * len(dims)
    given, ends = (list(map(int, node.value(index).reshape(-1))) for index in (1, 2))
    axes = node.integers("axes", 3) or list(range(len(given)))
    strides = node.integers("steps", 4) or [1] * len(given)
    for axis, start, end, stride in zip(axes, given, ends, strides):
        if stride < 1:
            raise node.unsupported(f"step {stride}")
        axis = node.axis(axis, len(dims))
        window = range(*slice(start, end, stride).indices(dims[axis]))
        starts[axis], steps[axis] = window.start, stride
    _emit_slice(node, node.output, starts, steps)


@lowers("Split")
def split(node: Node) -> None:
    dims = node.dims(0)
    axis = node.axis(node.attributes.get("axis", 0), len(dims))
    start = 0
    for index, output in enumerate(node.outputs):
        if not output:
            raise node.unsupported("part without a name")
        starts = [0] * len(dims)
        starts[axis] = start
        _emit_slice(node, output, starts, [1] * len(dims), step=f"part{index}")
        start += node.output_dims(index)[axis]


@lowers("Gather")
def gather(node: Node) -> None:
    dims = node.dims(0)
    axis = node.axis(node.attributes.get("axis", 0), len(dims))
    index = node.value(1)
    if index.size != 1:
        raise node.unsupported(f"{index.size} indices")
    position = int(index.reshape(-1)[0])
    if not -dims[axis] <= position < dims[axis]:
        raise node.invalid(f"index {position} is out of range", f"expected {-dims[axis]} to {dims[axis] - 1}")
    starts = [0] * len(dims)
    starts[axis] = position % dims[axis]
    single = dims[:axis] + (1,) + dims[axis + 1:]
    picked = _emit_slice(node, node.intermediate("slice", single), starts, [1] * len(dims), step="slice")
    node.emit("reshape", [picked], node.output)


@lowers("Pad")
def pad(node: Node) -> None:
    rank = len(node.dims(0))
    amounts: List[int] = node.integers("pads", 1) or []
    if node.text("mode", "constant") != "constant" or len(amounts) != 2 * rank or min(amounts) < 0:
        raise node.unsupported("only constant, non-negative padding of every axis is defined")
    if not any(amounts):
        node.alias()
        return
    node.emit("pad", node.inputs[:1], node.output, {"begin": amounts[:rank], "end": amounts[rank:]})


def _nearest_or_linear(node: Node) -> Tuple[str, str]:
    mode = node.text("mode", "nearest")
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    if mode not in ("nearest", "linear") or coordinates == "tf_crop_and_resize":
        raise node.unsupported(f"mode {mode}, coordinates {coordinates}")
    return mode, coordinates


@lowers("Resize")
def resize(node: Node) -> None:
    dims: Dims = node.dims(0)
    if len(dims) != 4 or node.output_dims()[:2] != dims[:2]:
        raise node.unsupported("only height and width of NCHW can change")
    mode, coordinates = _nearest_or_linear(node)
    for index, what in ((2, "scales"), (3, "sizes")):
        if node.has(index) and node.value(index).size:
            given = np.asarray(node.value(index), np.float64).reshape(-1)
            target = np.floor(given * dims) if what == "scales" else given
            if target.tolist() != list(node.output_dims()):
                raise node.invalid(f"{what} contradict the output", f"expected {list(node.output_dims())}")
    node.emit("resize", node.inputs[:1], node.output, {"mode": mode, "coordinates": coordinates})
