"""Converter from torchvision models and ONNX files to cyclescope traces (format: traces/SCHEMA.md)."""

__version__ = "1.0.0"
