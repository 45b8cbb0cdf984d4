"""Hand-built ONNX graphs."""
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[Union[int, str]]


class Builder:
    """Collects nodes and tensors; every method returns the name of what it added."""

    def __init__(self, opset: int = 13) -> None:
        self.opset = opset
        self.nodes: List[onnx.NodeProto] = []
        self.initialisers: List[onnx.TensorProto] = []
        self.inputs: List[onnx.ValueInfoProto] = []

    def input(self, shape: Shape, name: str = "x", dtype: int = TensorProto.FLOAT) -> str:
        """A graph input."""
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def stored(self, name: str, shape: Sequence[int]) -> str:
        """An initialiser of zeros."""
        return self.values(name, np.zeros(shape, np.float32))

    def values(self, name: str, values: Any, dtype: Any = None) -> str:
        """An initialiser with given values."""
        self.initialisers.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A Constant node."""
        tensor = numpy_helper.from_array(np.asarray(values, dtype))
        return self.node("Constant", value=tensor)

    def node(self, op_type: str, *inputs: str, name: Optional[str] = None, outputs: Optional[Sequence[str]] = None,
             domain: str = "", **attributes: Any) -> str:
        """A node; its name and first output are derived from its type unless given."""
        count = len(self.nodes)
        outputs = outputs or [f"t{count}"]
        name = f"{op_type}_{count}" if name is None else name
        self.nodes.append(helper.make_node(op_type, inputs, outputs, name=name, domain=domain, **attributes))
        return outputs[0]

    def model(self, *outputs: str, shapes: Optional[Dict[str, Shape]] = None) -> onnx.ModelProto:
        """The model; outputs carry a shape only where one is given."""
        values = []
        for name in outputs:
            shape = (shapes or {}).get(name)
            values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        graph = helper.make_graph(self.nodes, "test", self.inputs, values, self.initialisers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=7)
