"""The canonical operator graph: what the importer builds, the patterns rewrite and the writer stores."""
import enum
from dataclasses import dataclass, field, replace
from typing import Any, Container, Dict, List, Optional, Sequence, Tuple

import numpy as np

Dims = Tuple[int, ...]


class Origin(enum.Enum):
    """Where a constant comes from."""

    STORED = "initialiser"
    LITERAL = "Constant node or folded expression"
    IMPLIED = "attribute or default of an operator"


@dataclass(frozen=True)
class Constant:
    """A tensor known before the run."""

    origin: Origin
    values: Optional[np.ndarray] = None  # only kept for small tensors
    transpose_of: Optional[str] = None  # key of the 2-D constant this one is the transpose of


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph; constants derived from one initialiser share its name."""

    name: str
    dtype: int  # ONNX element type
    dims: Dims
    constant: Optional[Constant] = None


@dataclass
class Operator:
    """One canonical operator; inputs and outputs are keys of `Graph.tensors`."""

    name: str
    type: str
    inputs: List[str]
    outputs: List[str]
    attributes: Dict[str, Any] = field(default_factory=dict)


def unique(name: str, taken: Container[str]) -> str:
    """The name itself while it is free, then with the suffix #2, #3, ..."""
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name}#{count}"
    return candidate


class Graph:
    """Operators in topological order over named tensors."""

    def __init__(self) -> None:
        self.tensors: Dict[str, Tensor] = {}
        self.operators: List[Operator] = []
        self.inputs: List[str] = []
        self.outputs: List[str] = []
        self._producers: Dict[str, Operator] = {}
        self._consumers: Dict[str, List[Operator]] = {}
        self._indexed = False

    def dims(self, key: str) -> Dims:
        """Shape of a tensor."""
        return self.tensors[key].dims

    def set_dims(self, key: str, dims: Dims) -> None:
        """Gives an activation another shape, after its producer was edited."""
        self.tensors[key] = replace(self.tensors[key], dims=dims)

    def is_constant(self, key: str) -> bool:
        """Whether the tensor is known before the run."""
        return self.tensors[key].constant is not None

    def scalar(self, key: str) -> Optional[float]:
        """Value of a constant with one element, else None."""
        constant = self.tensors[key].constant
        if constant is None or constant.values is None or constant.values.size != 1:
            return None
        return float(constant.values.reshape(())[()])

    def producer(self, key: str, *types: str) -> Optional[Operator]:
        """The operator that writes a tensor, if it is of one of `types` (any, when none is given)."""
        self._index()
        operator = self._producers.get(key)
        return operator if operator is not None and (not types or operator.type in types) else None

    def consumers(self, key: str) -> List[Operator]:
        """The operators that read a tensor, one entry per use."""
        self._index()
        return self._consumers.get(key, [])

    def used_once(self, key: str) -> bool:
        """Whether exactly one operator input reads the tensor and it does not leave the graph."""
        return len(self.consumers(key)) == 1 and key not in self.outputs

    def changed(self) -> None:
        """To be called after operators were edited in place."""
        self._indexed = False

    def fuse(self, removed: Sequence[Operator], fused: Operator) -> bool:
        """Replaces `removed` by `fused` at the place of the last of them, unless an inner tensor is used elsewhere."""
        identities = {id(operator) for operator in removed}
        for operator in removed:
            for key in operator.outputs:
                if key in fused.outputs:
                    continue
                if key in self.outputs or any(id(user) not in identities for user in self.consumers(key)):
                    return False
        last = max(index for index, operator in enumerate(self.operators) if id(operator) in identities)
        self.operators[last] = fused
        self.operators = [operator for operator in self.operators if operator is fused or id(operator) not in identities]
        self.changed()
        return True

    def bypass(self, operator: Operator) -> None:
        """Removes an operator with one data input by letting its consumers read that input."""
        source, target = operator.inputs[0], operator.outputs[0]
        for user in list(self.consumers(target)):
            user.inputs = [source if key == target else key for key in user.inputs]
        self.operators = [other for other in self.operators if other is not operator]
        self.changed()

    def _index(self) -> None:
        if self._indexed:
            return
        self._producers = {key: operator for operator in self.operators for key in operator.outputs}
        self._consumers = {}
        for operator in self.operators:
            for key in operator.inputs:
                self._consumers.setdefault(key, []).append(operator)
        self._indexed = True
