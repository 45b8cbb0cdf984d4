"""Command line of scripts/convert."""
import argparse
import os
import sys
from typing import List, NoReturn, Optional, Tuple

from . import __version__
from .errors import ConversionError
from .graph import Dims

_DESCRIPTION = """\
Turns a neural network into a cyclescope trace: an HDF5 file with the operator graph at fixed shapes and no weights.
The network is an ONNX file (opset 11 to 17) or the name of a torchvision model, which is built without weights."""
_EPILOG = """\
examples:
  scripts/convert model.onnx --out model.h5
  scripts/convert model.onnx --out model.h5 --input 1x3x224x224
  scripts/convert model.onnx --out model.h5 --input image=1x3x224x224 --input mask=1x1x224x224
  scripts/convert --torchvision resnet50 --out resnet50.h5
  scripts/convert --library traces/library

exit codes: 0 written; 2 bad input or environment; 3 an operator without a definition.
On failure one line says what is wrong, where, and what was expected, and no file is left behind."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConversionError(message, "command line", "expected the options of scripts/convert --help")


def _shape(text: str) -> Tuple[Optional[str], Dims]:
    """Parses 1x3x224x224 or NAME=1x3x224x224."""
    name, _, sizes = text.rpartition("=")
    parts = sizes.split("x")
    if not all(part.isascii() and part.isdigit() and 1 <= int(part) < 2**31 for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is no shape such as 1x3x224x224 or NAME=1x3x224x224")
    return name or None, tuple(int(part) for part in parts)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="scripts/convert", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL.onnx", help="ONNX file to convert")
    parser.add_argument("--torchvision", metavar="NAME",
                        help="torchvision model to convert, resnet50_v1 (strides of TensorFlow-slim) or mobilenet_v2_1.4")
    parser.add_argument("--library", metavar="DIR", help="regenerate the committed trace library in DIR")
    parser.add_argument("--out", metavar="FILE.h5", help="trace to write")
    parser.add_argument("--input", metavar="[NAME=]SHAPE", type=_shape, action="append", default=[],
                        help="fix the dynamic dimensions of an input; torchvision models default to 1x3x224x224")
    parser.add_argument("--name", help="name of the model in the trace; default: torchvision or file name")
    parser.add_argument("--version", action="version", version=f"cyclescope-convert {__version__}")
    return parser


def main(arguments: List[str]) -> int:
    """Runs the command and returns its exit code."""
    try:
        _run(_parser().parse_args(arguments))
    except ConversionError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except MemoryError:
        print("error: out of memory, conversion, expected a smaller model", file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    chosen = [value for value in (options.model, options.torchvision, options.library) if value is not None]
    if len(chosen) != 1:
        raise ConversionError(f"{len(chosen)} models are given", "command line",
                              "expected one of MODEL.onnx, --torchvision NAME and --library DIR")
    if options.library is not None:
        if options.out or options.input or options.name:
            raise ConversionError("--library takes no other option", "command line", "expected --library DIR alone")
    elif not options.out:
        raise ConversionError("--out is missing", "command line", "expected --out FILE.h5")
    directory = options.library if options.library is not None else os.path.dirname(os.path.abspath(options.out))
    if not os.path.isdir(directory):
        raise ConversionError("the output directory does not exist", directory, "expected an existing directory")
    if options.name == "":
        raise ConversionError("--name is empty", "command line", "expected a name")
    shapes = dict(options.input)
    if len(shapes) != len(options.input) or (None in shapes and len(shapes) > 1):
        raise ConversionError("--input is given twice for one tensor", "command line", "expected one shape per input")
    try:
        from . import convert
        from .hdf5_writer import write_trace
    except ImportError as error:
        raise ConversionError(f"a Python module is missing ({error})", sys.executable,
                              "expected numpy, h5py and onnx as in Debian 12") from error
    if options.library is not None:
        convert.write_library(options.library)
    elif options.model is not None:
        write_trace(convert.trace_onnx(options.model, shapes, options.name), options.out)
    else:
        if set(shapes) - {None}:
            raise ConversionError("--input names a tensor", f"torchvision {options.torchvision}", "expected a plain shape")
        dims = shapes.get(None, convert.LIBRARY_INPUT)
        write_trace(convert.trace_torchvision(options.torchvision, dims, options.name), options.out)
