"""The committed traces: totals from closed forms and published counts, and byte-identical regeneration."""
import os
from typing import Any, Sequence, Tuple

import pytest

from trace_file import CONSTANT, STATISTIC, TraceFile

MODELS = ("resnet50", "deeplabv3_resnet50", "fcn_resnet50", "vit_b_16", "resnet50_v1")
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))


def backbone_macs(first: Sequence[int], last: Sequence[int]) -> Tuple[int, int]:
    """MACs of the convolutions of ResNet-50 and its final size; stage s has stride first[s] in its first unit and
    last[s] in its last, both in the 3x3 convolution (and the first unit's projection)."""
    size, channels, total = 56, 64, 112 * 112 * 64 * 3 * 7 * 7
    for (width, units), stride_first, stride_last in zip(STAGES, first, last):
        for unit in range(units):
            stride = stride_first if unit == 0 else stride_last if unit == units - 1 else 1
            total += size**2 * channels * width
            if unit == 0:
                total += (size // stride)**2 * channels * 4 * width
            size //= stride
            total += size**2 * width * width * 9 + size**2 * width * 4 * width
            channels = 4 * width
    return total, size


def expected_macs(name: str) -> int:
    """Totals from the published architectures."""
    if name == "vit_b_16":
        tokens, width = 14 * 14 + 1, 768
        block = tokens * width * 3 * width + 2 * 12 * tokens * tokens * 64 + tokens * width * width
        block += 2 * tokens * width * 4 * width
        return 14 * 14 * width * 3 * 16 * 16 + 12 * block + width * 1000
    if name == "resnet50":
        return backbone_macs((1, 2, 2, 2), (1, 1, 1, 1))[0] + 2048 * 1000
    if name == "resnet50_v1":
        return backbone_macs((1, 1, 1, 1), (2, 2, 2, 1))[0] + 2048 * 1000
    total, size = backbone_macs((1, 2, 1, 1), (1, 1, 1, 1))
    assert size == 28
    if name == "fcn_resnet50":
        return total + 28**2 * (2048 * 512 * 9 + 512 * 21)
    pyramid = 28**2 * (2048 * 256 + 3 * 2048 * 256 * 9) + 2048 * 256
    return total + pyramid + 28**2 * (5 * 256 * 256 + 256 * 256 * 9 + 256 * 21)


def expected_parameters(name: str) -> int:
    """Counts published with torchvision's weights, less the auxiliary heads that are not built here."""
    from torchvision.models import ResNet50_Weights, ViT_B_16_Weights
    from torchvision.models.segmentation import DeepLabV3_ResNet50_Weights, FCN_ResNet50_Weights
    auxiliary = 1024 * 256 * 9 + 2 * 256 + 256 * 21 + 21
    weights = {"resnet50": ResNet50_Weights, "resnet50_v1": ResNet50_Weights, "vit_b_16": ViT_B_16_Weights,
               "deeplabv3_resnet50": DeepLabV3_ResNet50_Weights, "fcn_resnet50": FCN_ResNet50_Weights}[name]
    return weights.DEFAULT.meta["num_params"] - (auxiliary if name.endswith("_resnet50") else 0)


@pytest.mark.parametrize("name", MODELS)
def test_committed_trace_has_the_published_totals(library: str, name: str) -> None:
    path = os.path.join(library, f"{name}.h5")
    trace = TraceFile(path).verify()
    assert os.path.getsize(path) < 300_000
    assert trace.attributes["model"].decode() == name
    assert trace.attributes["total_macs"] == expected_macs(name)
    assert trace.attributes["total_parameters"] == expected_parameters(name)
    assert trace.total(CONSTANT) == 0
    assert [tensor.dims for tensor in trace.inputs] == [(1, 3, 224, 224)]
    classes = (1, 21, 224, 224) if name.endswith("_resnet50") else (1, 1000)
    assert [tensor.dims for tensor in trace.outputs] == [classes]
    assert all(tensor.dtype == 0 for tensor in trace.tensors)


def test_batch_normalisation_keeps_its_statistics_apart(library: str) -> None:
    trace = TraceFile(os.path.join(library, "resnet50.h5"))
    channels = 64 + sum(units * 6 * width + 4 * width for width, units in STAGES)
    assert trace.total(STATISTIC) == 2 * channels
    assert trace.types.count("batch_norm") == trace.types.count("conv2d") == 53


def test_resnet50_v1_moves_the_stride_to_the_end_of_a_stage(library: str) -> None:
    trace = TraceFile(os.path.join(library, "resnet50_v1.h5"))
    strided = [operator for operator in trace.operators if operator.attributes.get("stride") == [2, 2]]
    kinds = [(operator.type, operator.attributes["kernel"][0], operator.inputs[0].dims[2]) for operator in strided]
    assert kinds == [("conv2d", 7, 224), ("max_pool2d", 3, 112),
                     ("conv2d", 3, 56), ("max_pool2d", 1, 56), ("conv2d", 3, 28), ("max_pool2d", 1, 28),
                     ("conv2d", 3, 14), ("max_pool2d", 1, 14)]


def test_vision_transformer_is_clean(library: str) -> None:
    trace = TraceFile(os.path.join(library, "vit_b_16.h5"))
    counts = {type_: trace.types.count(type_) for type_ in set(trace.types) - {"reshape", "transpose", "slice"}}
    assert counts == {"conv2d": 1, "expand": 1, "concat": 1, "layer_norm": 25, "gemm": 12 * 4 + 1, "matmul": 24,
                      "softmax": 12, "gelu": 12, "add": 25}
    assert trace.types.count("slice") == 3 * 12 + 1
    products = [operator for operator in trace.operators if operator.type == "matmul"]
    assert [operator.attributes["attention"] for operator in products] == [block for block in range(12) for _ in "qv"]
    assert [operator.attributes["scale"] for operator in products] == 12 * [64 ** -0.5, 1.0]
    assert all(operator.attributes["epsilon"] == 1e-6 for operator in trace.operators if operator.type == "layer_norm")


@pytest.mark.parametrize("name", ("resnet50", "resnet50_v1", "vit_b_16"))
def test_regeneration_gives_the_committed_bytes(run: Any, tmp_path: Any, library: str, name: str) -> None:
    outcome = run(f"--torchvision={name}")
    committed = TraceFile(os.path.join(library, f"{name}.h5"))
    assert outcome.code == 0 and outcome.trace.types == committed.types
    assert outcome.trace.attributes["total_parameters"] == expected_parameters(name)
    if outcome.trace.attributes["tool_versions"] != committed.attributes["tool_versions"]:
        pytest.skip("other library versions than those of the committed trace")
    assert (tmp_path / "trace.h5").read_bytes() == open(os.path.join(library, f"{name}.h5"), "rb").read()
