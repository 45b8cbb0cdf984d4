"""Multiply-accumulates and parameters of the networks of the library, from their published architectures."""
from typing import Sequence, Tuple

Totals = Tuple[int, int]  # MACs, parameters


def conv(size: int, inputs: int, outputs: int, kernel: int, groups: int = 1) -> Totals:
    """A convolution without bias and its batch normalisation, `size` x `size` out."""
    weights = outputs * (inputs // groups) * kernel * kernel
    return size * size * weights, weights + 2 * outputs


def linear(inputs: int, outputs: int) -> Totals:
    return inputs * outputs, inputs * outputs + outputs


def total(parts: Sequence[Totals]) -> Totals:
    return sum(macs for macs, _ in parts), sum(parameters for _, parameters in parts)


def residual_network(units: Sequence[int], bottleneck: bool) -> Totals:
    """He et al. 2016, the stride of a stage in the first 3x3 convolution: ResNet-18 (2, 2, 2, 2) to ResNet-101."""
    parts, channels, size, expansion = [conv(112, 3, 64, 7)], 64, 56, 4 if bottleneck else 1
    for stage, count in enumerate(units):
        width = 64 << stage
        for unit in range(count):
            out = size // 2 if unit == 0 and stage > 0 else size
            if bottleneck:
                parts += [conv(size, channels, width, 1), conv(out, width, width, 3), conv(out, width, 4 * width, 1)]
            else:
                parts += [conv(out, channels, width, 3), conv(out, width, width, 3)]
            if channels != expansion * width:
                parts.append(conv(out, channels, expansion * width, 1))
            channels, size = expansion * width, out
    return total(parts + [linear(channels, 1000)])


def of_eight(channels: float) -> int:
    """To the nearest multiple of 8, at most a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def mobilenet_v2(width: float) -> Totals:
    """Sandler et al. 2018, table 2."""
    channels, size = of_eight(32 * width), 112
    parts = [conv(size, 3, channels, 3)]
    for expand, wide, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                        (6, 160, 3, 2), (6, 320, 1, 1)):
        for unit in range(count):
            hidden, out = expand * channels, size // stride if unit == 0 else size
            if expand > 1:
                parts.append(conv(size, channels, hidden, 1))
            parts += [conv(out, hidden, hidden, 3, hidden), conv(out, hidden, of_eight(wide * width), 1)]
            channels, size = of_eight(wide * width), out
    last = of_eight(1280 * max(1.0, width))
    return total(parts + [conv(size, channels, last, 1), linear(last, 1000)])


def efficientnet_b0() -> Totals:
    """Tan and Le 2019, table 1; squeeze and excitation through a quarter of the block's input channels."""
    channels, size = 32, 112
    parts = [conv(size, 3, channels, 3)]
    for expand, kernel, stride, wide, count in ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3),
                                                (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)):
        for unit in range(count):
            hidden, out = expand * channels, size // stride if unit == 0 else size
            if expand > 1:
                parts.append(conv(size, channels, hidden, 1))
            parts += [conv(out, hidden, hidden, kernel, hidden), linear(hidden, channels // 4),
                      linear(channels // 4, hidden), conv(out, hidden, wide, 1)]
            channels, size = wide, out
    return total(parts + [conv(size, channels, 1280, 1), linear(1280, 1000)])


def squeezenet1_1() -> Totals:
    """Iandola et al. 2016, as changed in version 1.1: convolutions with bias, without normalisation."""
    def biased(size: int, inputs: int, outputs: int, kernel: int) -> Totals:
        weights = outputs * inputs * kernel * kernel
        return size * size * weights, weights + outputs

    parts, channels = [biased(111, 3, 64, 3)], 64
    for size, squeeze, expand in ((55, 16, 64), (55, 16, 64), (27, 32, 128), (27, 32, 128), (13, 48, 192), (13, 48, 192),
                                  (13, 64, 256), (13, 64, 256)):
        parts += [biased(size, channels, squeeze, 1), biased(size, squeeze, expand, 1), biased(size, squeeze, expand, 3)]
        channels = 2 * expand
    return total(parts + [biased(13, channels, 1000, 1)])


TOTALS = {
    "resnet18": residual_network((2, 2, 2, 2), False),
    "resnet34": residual_network((3, 4, 6, 3), False),
    "resnet101": residual_network((3, 4, 23, 3), True),
    "mobilenet_v2": mobilenet_v2(1.0),
    "mobilenet_v2_1.4": mobilenet_v2(1.4),
    "squeezenet1_1": squeezenet1_1(),
    "efficientnet_b0": efficientnet_b0(),
}
