"""ResNet-50 with the strides of TensorFlow-slim's `resnet_v1_50`, which vendors publish as ResNet-50 v1.

Units with stride: the last of stages 1 to 3, in the 3x3 convolution; its identity shortcut is subsampled. The first
unit of every stage has a projection shortcut of stride 1. Stem, head and parameters are torchvision's resnet50.
"""
from typing import Any


def resnet50_v1() -> Any:
    """Builds the model without weights."""
    from torch import nn
    from torchvision.models import resnet50
    model = resnet50(weights=None)
    for stage in (model.layer2, model.layer3, model.layer4):
        stage[0].conv2.stride = (1, 1)
        stage[0].downsample[0].stride = (1, 1)
    for stage in (model.layer1, model.layer2, model.layer3):
        stage[-1].conv2.stride = (2, 2)
        stage[-1].downsample = nn.MaxPool2d(kernel_size=1, stride=2)
    return model
