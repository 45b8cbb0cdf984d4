"""Reads a trace with h5py and verifies it against the format description, independently of the converter."""
import json
import math
import zlib
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

import h5py
import numpy as np

from shape_rules import ATTRIBUTES, macs, output_dims

DATASETS = ("tensors/name", "tensors/dtype", "tensors/role", "tensors/rank", "tensors/dims", "operators/name",
            "operators/type", "operators/attributes", "operators/inputs_begin", "operators/inputs",
            "operators/outputs_begin", "operators/outputs", "graph/inputs", "graph/outputs")
TYPES = dict(zip(DATASETS, ("S", "u1", "u1", "u1", "i8", "S", "S", "S", "u4", "u4", "u4", "u4", "u4", "u4")))
ACTIVATION, PARAMETER, STATISTIC, CONSTANT = range(4)


@dataclass
class Tensor:
    """One tensor of the file."""

    name: str
    dtype: int
    role: int
    dims: Tuple[int, ...]


@dataclass
class Operator:
    """One operator of the file."""

    name: str
    type: str
    attributes: Dict[str, Any]
    inputs: List[Tensor]
    outputs: List[Tensor]


class TraceFile:
    """The content of a trace file."""

    def __init__(self, path: str) -> None:
        with h5py.File(path, "r") as file:
            self.attributes = dict(file.attrs)
            self.attribute_types = {name: file.attrs.get_id(name).get_type() for name in file.attrs}
            self.raw = {name: file[name][()] for name in DATASETS}
            self.layout = {name: (file[name].chunks, file[name].compression, file[name].compression_opts,
                                  file[name].fletcher32) for name in DATASETS}
            self.found: List[str] = []
            file.visititems(lambda name, item: self.found.append(name) if isinstance(item, h5py.Dataset) else None)
        raw = self.raw
        self.tensors = [Tensor(name.decode(), int(dtype), int(role), tuple(int(dim) for dim in dims[:rank]))
                        for name, dtype, role, rank, dims in zip(*(raw[key] for key in DATASETS[:5]))]
        inputs = self._lists("inputs")
        outputs = self._lists("outputs")
        self.operators = [Operator(name.decode(), type_.decode(), json.loads(text), reads, writes)
                          for name, type_, text, reads, writes in zip(*(raw[key] for key in DATASETS[5:8]), inputs, outputs)]
        self.inputs = [self.tensors[index] for index in raw["graph/inputs"]]
        self.outputs = [self.tensors[index] for index in raw["graph/outputs"]]

    def _lists(self, kind: str) -> List[List[Tensor]]:
        begin, indices = self.raw[f"operators/{kind}_begin"], self.raw[f"operators/{kind}"]
        return [[self.tensors[index] for index in indices[start:stop]] for start, stop in zip(begin[:-1], begin[1:])]

    @property
    def types(self) -> List[str]:
        """Operator types in order."""
        return [operator.type for operator in self.operators]

    def only(self, type_: str) -> Operator:
        """The single operator of a type."""
        found = [operator for operator in self.operators if operator.type == type_]
        assert len(found) == 1, self.types
        return found[0]

    def total(self, role: int) -> int:
        """Elements of all tensors of a role."""
        return sum(math.prod(tensor.dims) for tensor in self.tensors if tensor.role == role)

    def verify(self) -> "TraceFile":
        """Asserts everything the format description promises."""
        self._verify_storage()
        self._verify_totals()
        assert len({tensor.name for tensor in self.tensors}) == len(self.tensors)
        assert len({operator.name for operator in self.operators}) == len(self.operators)
        for tensor, row in zip(self.tensors, self.raw["tensors/dims"]):
            assert tensor.dtype <= 7 and tensor.role <= 3 and len(tensor.dims) <= 8
            assert all(dim >= 1 for dim in tensor.dims) and not row[len(tensor.dims):].any()
        known = {tensor.name for tensor in self.inputs}
        uses: Dict[str, int] = {}
        for operator, text in zip(self.operators, self.raw["operators/attributes"]):
            assert set(operator.attributes) == ATTRIBUTES[operator.type]
            assert text.decode() == json.dumps(operator.attributes, sort_keys=True, separators=(",", ":"))
            for tensor in operator.inputs:
                assert tensor.role != ACTIVATION or tensor.name in known
                uses[tensor.name] = uses.get(tensor.name, 0) + 1
            for tensor in operator.outputs:
                assert tensor.role == ACTIVATION and tensor.name not in known
                known.add(tensor.name)
            assert [tensor.dims for tensor in operator.outputs] == [output_dims(operator)], operator
        assert {tensor.name for tensor in self.tensors if tensor.role == ACTIVATION} == known
        assert all(uses[tensor.name] == 1 for tensor in self.tensors if tensor.role != ACTIVATION)
        assert self.outputs and all(tensor.name in known for tensor in self.outputs)
        return self

    def _verify_storage(self) -> None:
        assert sorted(self.found) == sorted(DATASETS)
        for name, data in self.raw.items():
            assert data.dtype.kind == "S" if TYPES[name] == "S" else data.dtype == np.dtype("<" + TYPES[name])
            if data.size:
                assert self.layout[name][0] is not None and self.layout[name][1:] == ("gzip", 9, True)
                if TYPES[name] == "S":
                    assert max(len(text) for text in data) == data.dtype.itemsize
            else:
                assert data.shape in ((0,), (0, 8)) and self.layout[name] == (None, None, None, False)
        for name in ("schema_version", "total_macs", "total_parameters", "content_crc32"):
            assert self.attributes[name].dtype == np.dtype("<i8")
        for name in ("format", "model", "source", "tool_versions"):
            assert isinstance(self.attribute_types[name], h5py.h5t.TypeStringID)
            assert not self.attribute_types[name].is_variable_str()
        assert (self.attributes["format"], self.attributes["schema_version"]) == (b"cyclescope-trace", 1)
        checksum = 0
        for name in DATASETS:
            checksum = zlib.crc32(self.raw[name].tobytes(), checksum)
        for name in ("model", "source", "tool_versions"):
            checksum = zlib.crc32(self.attributes[name], checksum)
        assert self.attributes["content_crc32"] == checksum

    def _verify_totals(self) -> None:
        assert self.attributes["total_macs"] == sum(macs(operator) for operator in self.operators)
        assert self.attributes["total_parameters"] == self.total(PARAMETER)
