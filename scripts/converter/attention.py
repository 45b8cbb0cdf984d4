"""Recognises scaled dot-product attention and folds transposes into matrix products."""
from typing import List, Optional, Tuple

from .graph import Graph, Operator
from .lower_elementwise import number


def recognise_attention(graph: Graph) -> None:
    """Numbers every block of matmul, softmax and matmul, with its scale folded into the first product."""
    block = 0
    for operator in [operator for operator in graph.operators if operator.type == "softmax"]:
        if _number_block(graph, operator, block):
            block += 1
    for operator in [operator for operator in graph.operators if operator.type == "matmul"]:
        _fold_transpose(graph, operator, 0, "transpose_a")
        _fold_transpose(graph, operator, 1, "transpose_b")
    for operator in graph.operators:
        _drop_unit_transpose(graph, operator)


def _fold_transpose(graph: Graph, product: Operator, index: int, flag: str) -> None:
    """Moves the swap of the last two axes of an operand into the product; other axes may stay permuted."""
    key = product.inputs[index]
    transpose = graph.producer(key, "transpose")
    if transpose is None or not graph.used_once(key):
        return
    perm: List[int] = list(transpose.attributes["perm"])
    rest = perm[:-2] + [perm[-1], perm[-2]]
    if rest[-1] != len(rest) - 1:
        return
    product.attributes[flag] = not product.attributes[flag]
    if rest == sorted(rest):
        product.inputs[index] = transpose.inputs[0]
        graph.operators = [operator for operator in graph.operators if operator is not transpose]
    else:
        dims = graph.dims(key)
        transpose.attributes["perm"] = rest
        graph.set_dims(key, dims[:-2] + (dims[-1], dims[-2]))
    graph.changed()


def _scaling(graph: Graph, key: str) -> Optional[Tuple[Operator, float]]:
    """Matches a product or quotient of one activation and a scalar, used once."""
    operator = graph.producer(key, "mul", "div")
    if operator is None or not graph.used_once(key):
        return None
    if operator.type == "mul" and graph.scalar(operator.inputs[0]) is not None:
        operator.inputs.reverse()
    value = graph.scalar(operator.inputs[1])
    if not value or graph.dims(operator.inputs[0]) != graph.dims(key):
        return None
    return operator, value if operator.type == "mul" else 1.0 / value


def _operand_scaling(graph: Graph, key: str) -> Optional[Tuple[Operator, float]]:
    """The scaling of an operand, also before a change of its layout."""
    while graph.used_once(key):
        found = _scaling(graph, key)
        layout = graph.producer(key, "transpose", "reshape")
        if found is not None or layout is None:
            return found
        key = layout.inputs[0]
    return None


def _number_block(graph: Graph, softmax: Operator, block: int) -> bool:
    key, weights = softmax.inputs[0], softmax.outputs[0]
    if softmax.attributes["axis"] != len(graph.dims(key)) - 1 or not graph.used_once(weights):
        return False
    values = graph.consumers(weights)[0]
    if values.type != "matmul" or values.inputs[0] != weights:
        return False
    scores = _scores(graph, key)
    if scores is None:
        return False
    product, scalings = scores
    for operand in product.inputs:
        found = _operand_scaling(graph, operand)
        if found is not None:
            scalings.append(found)
    scale = 1.0
    for operator, value in scalings:
        scale *= value
        graph.bypass(operator)
    product.attributes["scale"] = number(scale)
    for operator in (product, softmax, values):
        operator.attributes["attention"] = block
    return True


def _scores(graph: Graph, key: str) -> Optional[Tuple[Operator, List[Tuple[Operator, float]]]]:
    """The product that feeds a softmax through scalings, or through masks and reshapes added after them."""
    scalings: List[Tuple[Operator, float]] = []
    while graph.used_once(key):
        product = graph.producer(key, "matmul")
        if product is not None:
            return product, scalings
        scaling = _scaling(graph, key)
        if scaling is not None:
            scalings.append(scaling)
            key = scaling[0].inputs[0]
            continue
        operator = graph.producer(key, "add", "reshape")
        if operator is None or scalings:
            return None
        branches = [_scores(graph, operand) for operand in operator.inputs if not graph.is_constant(operand)]
        found = [branch for branch in branches if branch is not None]
        return found[0] if len(found) == 1 else None
    return None


def _drop_unit_transpose(graph: Graph, operator: Operator) -> None:
    """A transpose that only moves axes of size 1 moves no data: it is a reshape."""
    if operator.type == "transpose":
        dims = graph.dims(operator.inputs[0])
        moved = [axis for axis in operator.attributes["perm"] if dims[axis] > 1]
        if moved == sorted(moved):
            operator.type, operator.attributes = "reshape", {}
