"""The committed traces: totals from closed forms and published counts, and byte-identical regeneration."""
import os
from typing import Any, Sequence, Tuple

import pytest

from published_totals import TOTALS
from trace_file import CONSTANT, STATISTIC, TraceFile

MODELS = ("resnet50", "deeplabv3_resnet50", "fcn_resnet50", "vit_b_16", "resnet50_v1", "fcn_resnet50_520", *TOTALS)
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
    if name in TOTALS:
        return TOTALS[name][0]
    if name == "fcn_resnet50_520":  # every size of 28 at 224 is 65 at 520
        return expected_macs("fcn_resnet50") * 65**2 // 28**2
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
    if name == "mobilenet_v2_1.4":  # without published weights
        return TOTALS[name][1]
    name = name.replace("_520", "")
    from torchvision.models import (EfficientNet_B0_Weights, MobileNet_V2_Weights, ResNet18_Weights, ResNet34_Weights,
                                    ResNet50_Weights, ResNet101_Weights, SqueezeNet1_1_Weights, ViT_B_16_Weights)
    from torchvision.models.segmentation import DeepLabV3_ResNet50_Weights, FCN_ResNet50_Weights
    auxiliary = 1024 * 256 * 9 + 2 * 256 + 256 * 21 + 21
    weights = {"resnet50": ResNet50_Weights, "resnet50_v1": ResNet50_Weights, "vit_b_16": ViT_B_16_Weights,
               "deeplabv3_resnet50": DeepLabV3_ResNet50_Weights, "fcn_resnet50": FCN_ResNet50_Weights,
               "resnet18": ResNet18_Weights, "resnet34": ResNet34_Weights, "resnet101": ResNet101_Weights,
               "mobilenet_v2": MobileNet_V2_Weights, "squeezenet1_1": SqueezeNet1_1_Weights,
               "efficientnet_b0": EfficientNet_B0_Weights}[name]
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
    size = 520 if name.endswith("_520") else 224
    assert [tensor.dims for tensor in trace.inputs] == [(1, 3, size, size)]
    classes = (1, 21, size, size) if "_resnet50" in name else (1, 1000)
    assert [tensor.dims for tensor in trace.outputs] == [classes]
    assert all(tensor.dtype == 0 for tensor in trace.tensors)


@pytest.mark.parametrize("name", TOTALS)
def test_closed_forms_agree_with_published_parameter_counts(name: str) -> None:
    assert TOTALS[name][1] == expected_parameters(name)


def test_activations_have_operators_of_their_own(library: str) -> None:
    def counts(name: str, *types: str) -> Any:
        trace = TraceFile(os.path.join(library, f"{name}.h5"))
        return [trace.types.count(type_) for type_ in types]

    # MobileNetV2: ReLU6 behind all 52 convolutions but the 17 linear ones. EfficientNet-B0: SiLU behind stem and head, 15
    # expansions and 16 depthwise convolutions, and in 16 squeezes, whose excitations are sigmoid and product.
    assert counts("mobilenet_v2", "conv2d", "clip", "add") == [52, 35, 10]
    assert counts("efficientnet_b0", "silu", "sigmoid", "mul") == [49, 16, 16]
    assert counts("squeezenet1_1", "conv2d", "concat", "relu") == [26, 8, 26]


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


@pytest.mark.parametrize("name", ("resnet50", "resnet50_v1", "vit_b_16", "mobilenet_v2_1.4"))
def test_regeneration_gives_the_committed_bytes(run: Any, tmp_path: Any, library: str, name: str) -> None:
    outcome = run(f"--torchvision={name}")
    committed = TraceFile(os.path.join(library, f"{name}.h5"))
    assert outcome.code == 0 and outcome.trace.types == committed.types
    assert outcome.trace.attributes["total_parameters"] == expected_parameters(name)
    if outcome.trace.attributes["tool_versions"] != committed.attributes["tool_versions"]:
        pytest.skip("other library versions than those of the committed trace")
    assert (tmp_path / "trace.h5").read_bytes() == open(os.path.join(library, f"{name}.h5"), "rb").read()
