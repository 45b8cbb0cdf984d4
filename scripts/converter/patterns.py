"""Recognises operators that exporters decompose: biased gemm, layer norm, GELU, SiLU and hard swish."""
import math
from dataclasses import replace
from typing import Callable, List, Optional, Tuple

from .graph import Graph, Operator
from .lower_elementwise import number

Pattern = Callable[[Graph, Operator], bool]
Factors = Tuple[float, List[str], List[Operator]]


def recognise(graph: Graph) -> None:
    """Applies every pattern to every operator once, in order."""
    for pattern in (biased_gemm, layer_norm, gelu, silu, hard_swish):
        present = {id(operator) for operator in graph.operators}
        for operator in list(graph.operators):
            if id(operator) in present and pattern(graph, operator):
                present = {id(other) for other in graph.operators}


def close(value: Optional[float], target: float) -> bool:
    """Equality up to the rounding of half precision."""
    return value is not None and math.isclose(value, target, rel_tol=1e-3)


def factors(graph: Graph, operator: Operator) -> Optional[Factors]:
    """Splits a tree of products into its scalar factor, the other factors, and the operators of the tree."""
    if operator.type not in ("mul", "div"):
        return None
    scale, rest, used = 1.0, [], [operator]
    keys = list(operator.inputs)
    if operator.type == "div":
        divisor = graph.scalar(keys.pop())
        if not divisor:
            return None
        scale /= divisor
    for key in keys:
        value = graph.scalar(key)
        inner = graph.producer(key, "mul", "div") if graph.used_once(key) else None
        split = factors(graph, inner) if inner is not None else None
        if value is not None:
            scale *= value
        elif split is not None:
            scale, rest, used = scale * split[0], rest + split[1], split[2] + used
        else:
            rest.append(key)
    return scale, rest, used


def sum_with_scalar(graph: Graph, key: str, value: float) -> Optional[Tuple[str, Operator]]:
    """The other operand of `key` = operand + value."""
    operator = graph.producer(key, "add")
    if operator is not None:
        for scalar, other in (operator.inputs, operator.inputs[::-1]):
            if close(graph.scalar(scalar), value):
                return other, operator
    return None


def single_operator(operator: Operator, type_: str, inputs: List[str]) -> Operator:
    """The operator that stands for a pattern ending in `operator`."""
    return Operator(operator.name, type_, inputs, operator.outputs)


def biased_gemm(graph: Graph, operator: Operator) -> bool:
    """gemm, add of a vector -> gemm with bias."""
    if operator.type != "add":
        return False
    for product, bias in (operator.inputs, operator.inputs[::-1]):
        gemm = graph.producer(product, "gemm")
        tensor = graph.tensors[bias]
        dims, target = tensor.dims, graph.dims(product)
        if gemm is None or len(gemm.inputs) != 2 or tensor.constant is None or not dims or len(dims) > len(target):
            continue
        if dims[-1] == target[-1] and math.prod(dims) == target[-1]:
            if len(dims) > 1:
                key = f"{bias}/vector"
                graph.tensors[key] = replace(tensor, dims=target[-1:])
                bias = key
            return graph.fuse([gemm, operator], Operator(gemm.name, "gemm", [*gemm.inputs, bias], operator.outputs,
                                                         gemm.attributes))
    return False


def layer_norm(graph: Graph, operator: Operator) -> bool:
    """(x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + bias over the last axes."""
    if operator.type != "add":
        return False
    for scaled, bias in (operator.inputs, operator.inputs[::-1]):
        product = graph.producer(scaled, "mul")
        if product is None or not graph.is_constant(bias):
            continue
        for normal, scale in (product.inputs, product.inputs[::-1]):
            quotient = graph.producer(normal, "div")
            core = _normalised(graph, quotient) if quotient is not None and graph.is_constant(scale) else None
            if core is None:
                continue
            x, axis, epsilon, used = core
            if graph.dims(scale) == graph.dims(bias) == graph.dims(x)[axis:]:
                fused = single_operator(operator, "layer_norm", [x, scale, bias])
                fused.attributes = {"axis": axis, "epsilon": number(epsilon)}
                return graph.fuse([*used, product, operator], fused)
    return False


def _normalised(graph: Graph, quotient: Operator) -> Optional[Tuple[str, int, float, List[Operator]]]:
    """Matches (x - mean) / sqrt(variance + epsilon): x, first axis, epsilon, operators."""
    root = graph.producer(quotient.inputs[1], "sqrt")
    shifted = graph.producer(root.inputs[0], "add") if root is not None else None
    if root is None or shifted is None:
        return None
    deviation = _deviation(graph, quotient.inputs[0])
    for variance, constant in (shifted.inputs, shifted.inputs[::-1]):
        epsilon, mean = graph.scalar(constant), graph.producer(variance, "reduce_mean")
        square = graph.producer(mean.inputs[0], "pow", "mul") if mean is not None else None
        if deviation is None or epsilon is None or mean is None or square is None:
            continue
        base, other = square.inputs
        squared = base == other if square.type == "mul" else graph.scalar(other) == 2.0
        second = _deviation(graph, base)
        if not squared or second is None or second[0] != deviation[0]:
            continue
        x, axes = deviation[0], mean.attributes["axes"]
        means = {id(part): part for part in [*deviation[1], *second[1]]}
        trailing = axes == list(range(axes[0], len(graph.dims(x))))
        same = all(part.attributes["axes"] == axes for part in means.values() if part.type == "reduce_mean")
        if trailing and same:
            return x, axes[0], epsilon, [*means.values(), square, mean, shifted, root, quotient]
    return None


def _deviation(graph: Graph, key: str) -> Optional[Tuple[str, List[Operator]]]:
    """Matches x - mean(x)."""
    difference = graph.producer(key, "sub")
    mean = graph.producer(difference.inputs[1], "reduce_mean") if difference is not None else None
    if difference is None or mean is None or mean.inputs[0] != difference.inputs[0]:
        return None
    return difference.inputs[0], [mean, difference]


def gelu(graph: Graph, operator: Operator) -> bool:
    """x * (1 + erf(x / sqrt(2))) / 2, or with tanh(sqrt(2/pi) * (x + 0.044715 * x^3))."""
    split = factors(graph, operator)
    if split is None or len(split[1]) != 2 or not close(split[0], 0.5):
        return False
    for x, gate in (split[1], split[1][::-1]):
        shifted = sum_with_scalar(graph, gate, 1.0)
        curve = graph.producer(shifted[0], "erf", "tanh") if shifted is not None else None
        if shifted is None or curve is None:
            continue
        argument = _erf_argument(graph, x, curve) if curve.type == "erf" else _tanh_argument(graph, x, curve)
        if argument is not None:
            return graph.fuse([*argument, curve, shifted[1], *split[2]], single_operator(operator, "gelu", [x]))
    return False


def _product_of(graph: Graph, key: str) -> Optional[Factors]:
    producer = graph.producer(key, "mul", "div")
    return factors(graph, producer) if producer is not None else None


def _erf_argument(graph: Graph, x: str, curve: Operator) -> Optional[List[Operator]]:
    split = _product_of(graph, curve.inputs[0])
    return split[2] if split is not None and split[1] == [x] and close(split[0], math.sqrt(0.5)) else None


def _tanh_argument(graph: Graph, x: str, curve: Operator) -> Optional[List[Operator]]:
    split = _product_of(graph, curve.inputs[0])
    if split is None or not close(split[0], math.sqrt(2 / math.pi)):
        return None
    if len(split[1]) == 1:
        total = graph.producer(split[1][0], "add")
        for linear, cubic in (total.inputs, total.inputs[::-1]) if total is not None else ():
            used = _power(graph, cubic, x, 3)
            if linear == x and used is not None:
                return [*used, total, *split[2]]
    for polynomial in split[1]:
        shifted = sum_with_scalar(graph, polynomial, 1.0)
        used = _power(graph, shifted[0], x, 2) if shifted is not None else None
        if shifted is not None and used is not None and sorted(split[1]) == sorted([x, polynomial]):
            return [*used, shifted[1], *split[2]]
    return None


def _power(graph: Graph, key: str, x: str, exponent: int) -> Optional[List[Operator]]:
    """Matches 0.044715 * x^exponent, written with pow or as products."""
    split = _product_of(graph, key)
    if split is None or not close(split[0], 0.044715):
        return None
    if split[1] == [x] * exponent:
        return split[2]
    power = graph.producer(split[1][0], "pow") if len(split[1]) == 1 else None
    if power is not None and power.inputs[0] == x and graph.scalar(power.inputs[1]) == exponent:
        return [power, *split[2]]
    return None


def silu(graph: Graph, operator: Operator) -> bool:
    """x * sigmoid(x)."""
    return _gated(graph, operator, "sigmoid", "silu")


def hard_swish(graph: Graph, operator: Operator) -> bool:
    """x * hard_sigmoid(x), or x * clip(x + 3, 0, 6) / 6."""
    if _gated(graph, operator, "hard_sigmoid", "hard_swish"):
        return True
    split = factors(graph, operator)
    if split is None or len(split[1]) != 2 or not close(split[0], 1 / 6):
        return False
    for x, gate in (split[1], split[1][::-1]):
        clip = graph.producer(gate, "clip")
        shifted = sum_with_scalar(graph, clip.inputs[0], 3.0) if clip is not None else None
        if clip is not None and shifted is not None and shifted[0] == x and clip.attributes == {"min": 0.0, "max": 6.0}:
            return graph.fuse([shifted[1], clip, *split[2]], single_operator(operator, "hard_swish", [x]))
    return False


def _gated(graph: Graph, operator: Operator, gate: str, fused: str) -> bool:
    if operator.type != "mul":
        return False
    for x, factor in (operator.inputs, operator.inputs[::-1]):
        curve = graph.producer(factor, gate)
        if curve is not None and curve.inputs == [x]:
            return graph.fuse([curve, operator], single_operator(operator, fused, [x]))
    return False
