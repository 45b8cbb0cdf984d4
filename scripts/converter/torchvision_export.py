"""Exports torchvision models, without trained weights, to ONNX."""
import warnings
from typing import Any, Callable, Dict, NamedTuple

from .errors import ConversionError
from .graph import Dims
from .resnet50_v1 import resnet50_v1

OPSET = 13
_SEGMENTATION_CLASSES = 21


class _Variant(NamedTuple):
    build: Callable[[], Any]
    source: str


def _mobilenet_v2_wide() -> Any:
    from torchvision.models import mobilenet_v2
    return mobilenet_v2(weights=None, width_mult=1.4)


VARIANTS = {
    "resnet50_v1": _Variant(resnet50_v1, "torchvision resnet50 with TensorFlow-slim v1 strides"),
    "mobilenet_v2_1.4": _Variant(_mobilenet_v2_wide, "torchvision mobilenet_v2 with width_mult 1.4"),
}


def versions() -> Dict[str, str]:
    """Versions of the libraries that define the exported graph."""
    import torch
    import torchvision
    return {"torch": torch.__version__, "torchvision": torchvision.__version__}


def source_of(name: str) -> str:
    """How the trace names its origin."""
    return VARIANTS[name].source if name in VARIANTS else f"torchvision {name}"


def export(name: str, dims: Dims, path: str) -> None:
    """Writes the ONNX graph of a model for one input shape, with batch normalisation and names kept."""
    import torch
    model = _build(name)
    _make_tensors_distinct(model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(model, torch.zeros(dims), path, opset_version=OPSET, do_constant_folding=False,
                              training=torch.onnx.TrainingMode.PRESERVE, keep_initializers_as_inputs=False,
                              export_params=True, input_names=["input"], output_names=["output"])
    except Exception as error:  # torch raises many types for a model that does not fit the shape or ONNX
        raise ConversionError(f"torch cannot export the model ({error})", f"torchvision {name} at {list(dims)}",
                              "expected a model and input shape that fit ONNX opset 13") from error


def _build(name: str) -> Any:
    import torchvision
    if name in VARIANTS:
        return VARIANTS[name].build().eval()
    if name not in torchvision.models.list_models():
        raise ConversionError(f"torchvision has no model '{name}'", f"torchvision {torchvision.__version__}",
                              f"expected a name of torchvision.models.list_models() or {' or '.join(VARIANTS)}")
    options: Dict[str, Any] = {"weights": None}
    if name in torchvision.models.list_models(module=torchvision.models.segmentation):
        options.update(weights_backbone=None, num_classes=_SEGMENTATION_CLASSES, aux_loss=False)
    elif name in torchvision.models.list_models(module=torchvision.models.detection):
        options.update(weights_backbone=None)
    elif name in ("googlenet", "inception_v3"):
        options.update(aux_logits=False, init_weights=False)
    return torchvision.models.get_model(name, **options).eval()


def _make_tensors_distinct(model: Any) -> None:
    """The exporter merges equal tensors, as freshly built normalisation layers hold; a number in each prevents that."""
    import torch
    with torch.no_grad():
        for number, tensor in enumerate([*model.parameters(), *model.buffers()], start=1):
            if tensor.is_floating_point():
                tensor.view(-1)[:1] = number
