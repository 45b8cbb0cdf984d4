"""Turns ONNX nodes into canonical operators through one rule per ONNX operator type."""
from collections import ChainMap
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

import numpy as np
import onnx

from .constant_fold import FOLDABLE, attributes_of
from .errors import ConversionError, UnsupportedError, unsupported_operator
from .graph import Constant, Dims, Graph, Operator, Origin, Tensor, unique
from .onnx_load import label
from .onnx_shapes import ImportedModel

Rule = Callable[["Node"], None]
RULES: Dict[str, Rule] = {}


def lowers(*op_types: str) -> Callable[[Rule], Rule]:
    """Registers a function as the rule of ONNX operator types."""
    def register(rule: Rule) -> Rule:
        for op_type in op_types:
            RULES[op_type] = rule
        return rule
    return register


class Lowering:
    """The graph under construction and the names ONNX gave to its tensors."""

    def __init__(self, model: ImportedModel) -> None:
        self.model = model
        self.graph = Graph()
        self.aliases: Dict[str, str] = {}
        self.node_names: Set[str] = set()
        self.read = {name for node in model.nodes for name in node.input} | set(model.outputs)

    def key(self, name: str) -> str:
        """The tensor an ONNX name stands for, entered into the graph at first use."""
        key = self.aliases.get(name, name)
        if key not in self.graph.tensors:
            dtype, dims = self.model.types[key]
            self.graph.tensors[key] = Tensor(key, dtype, dims, self.model.constants.get(key))
        return key


class Node:
    """One ONNX node while it is lowered."""

    def __init__(self, lowering: Lowering, proto: onnx.NodeProto) -> None:
        self.lowering = lowering
        self.graph = lowering.graph
        self.opset = lowering.model.opset
        self.type: str = proto.op_type
        self.name = unique(label(proto), lowering.node_names)
        lowering.node_names.add(self.name)
        self.attributes: Dict[str, Any] = attributes_of(proto)
        self.inputs: List[str] = [lowering.key(name) if name else "" for name in proto.input]
        self.outputs: List[str] = list(proto.output)

    @property
    def output(self) -> str:
        """The only output that has a meaning in a trace."""
        if any(name in self.lowering.read for name in self.outputs[1:] if name):
            raise self.unsupported("more than one output used")
        return self.outputs[0]

    def has(self, index: int) -> bool:
        """Whether an optional input is given."""
        return len(self.inputs) > index and bool(self.inputs[index])

    def dims(self, index: int) -> Dims:
        """Shape of an input."""
        return self.graph.dims(self.inputs[index])

    def output_dims(self, index: int = 0) -> Dims:
        """Shape of an output."""
        return self.lowering.model.types[self.outputs[index]][1]

    def value(self, index: int) -> np.ndarray:
        """Values of an input that has to be constant."""
        constant = self.graph.tensors[self.inputs[index]].constant
        if constant is None or constant.values is None:
            raise self.unsupported(f"input '{self.inputs[index]}' is computed at run time")
        return constant.values

    def integers(self, attribute: str, index: int) -> Optional[List[int]]:
        """A list of integers given as an attribute or, in newer operator sets, as a constant input."""
        if attribute in self.attributes:
            return [int(number) for number in self.attributes[attribute]]
        return [int(number) for number in self.value(index).reshape(-1)] if self.has(index) else None

    def text(self, attribute: str, default: str) -> str:
        """A text attribute."""
        value = self.attributes.get(attribute)
        return default if value is None else value.decode(errors="replace")

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front."""
        if not -rank <= axis < rank:
            raise self.invalid(f"axis {axis} is out of range", f"expected {-rank} to {rank - 1}")
        return axis % rank

    def emit(self, type_: str, inputs: Sequence[str], output: str, attributes: Optional[Dict[str, Any]] = None,
             step: str = "") -> str:
        """Appends an operator; `step` names a helper operator of this node."""
        self.lowering.key(output)
        name = f"{self.name}/{step}" if step else self.name
        self.graph.operators.append(Operator(name, type_, list(inputs), [output], attributes or {}))
        return output

    def intermediate(self, step: str, dims: Dims) -> str:
        """Enters a tensor between two helper operators."""
        return self._enter(step, dims, None)

    def literal(self, step: str, value: float, dims: Dims = ()) -> str:
        """Enters a constant that the file expresses as an attribute or a default."""
        return self._enter(step, dims, Constant(Origin.IMPLIED, np.full(dims, value)))

    def _enter(self, step: str, dims: Dims, constant: Optional[Constant]) -> str:
        key = unique(f"{self.name}/{step}", ChainMap(self.graph.tensors, self.lowering.model.types))
        self.graph.tensors[key] = Tensor(key, self.graph.tensors[self.inputs[0]].dtype, dims, constant)
        return key

    def derive(self, constant: Constant, dims: Dims) -> None:
        """Makes the output another view of the initialiser or literal in input 0."""
        source = self.graph.tensors[self.inputs[0]]
        dtype = self.lowering.model.types[self.output][0]
        self.graph.tensors[self.output] = Tensor(source.name, dtype, dims, constant)

    def alias(self) -> None:
        """Makes the output another name of input 0."""
        self.lowering.aliases[self.output] = self.inputs[0]

    def unsupported(self, detail: str) -> UnsupportedError:
        """The error for a form of this operator without a definition."""
        return unsupported_operator(self.type, self.name, self.lowering.model.name, detail)

    def invalid(self, what: str, expected: str) -> ConversionError:
        """The error for a node that contradicts itself."""
        return ConversionError(f"{self.type}: {what}", f"node '{self.name}' of model '{self.lowering.model.name}'", expected)


def supported_types() -> frozenset:
    """ONNX operator types with a rule or a constant evaluation."""
    return frozenset(RULES) | FOLDABLE


def lower(model: ImportedModel) -> Graph:
    """The canonical graph of an imported model, one rule per node, before patterns are recognised."""
    lowering = Lowering(model)
    graph = lowering.graph
    graph.inputs = [lowering.key(name) for name in model.inputs]
    for proto in model.nodes:
        node = Node(lowering, proto)
        rule = RULES.get(node.type)
        if rule is None:
            raise node.unsupported("not constant")
        rule(node)
    graph.outputs = list(dict.fromkeys(lowering.key(name) for name in model.outputs))
    for key in graph.outputs:
        if graph.is_constant(key):
            raise ConversionError(f"graph output '{key}' is constant", f"model '{model.name}'", "expected an activation")
    graph.changed()
    return graph
