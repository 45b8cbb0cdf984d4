"""Writes a trace as HDF5, byte-reproducibly and under its final name only when complete."""
import contextlib
import io
import os
import zlib
from typing import Dict, List, Sequence

import h5py
import numpy as np

from . import __version__
from .errors import ConversionError
from .trace import MAX_RANK, Trace

SCHEMA_VERSION = 1
CHUNK_ROWS = 16384


def tool_versions() -> Dict[str, str]:
    """Versions that decide the bytes of every trace."""
    import onnx
    return {"cyclescope-convert": __version__, "h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version,
            "numpy": np.__version__, "onnx": onnx.__version__, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def write_trace(trace: Trace, path: str) -> None:
    """Writes the file; on failure nothing is left behind."""
    image = _image(trace)  # built in memory: the HDF5 library crashes when a disk is full
    directory, base = os.path.split(os.path.abspath(path))
    partial = os.path.join(directory, f".{base}.{os.getpid()}.part")
    try:
        with open(partial, "xb") as file:
            file.write(image)
        os.replace(partial, path)
    except OSError as error:
        raise ConversionError(f"cannot write the trace ({error.strerror or error})", path,
                              "expected a writable directory") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)


def _image(trace: Trace) -> bytes:
    """The bytes of the HDF5 file."""
    buffer = io.BytesIO()
    with _timeless_file(buffer) as file:
        checksum = 0
        for name, data in _datasets(trace).items():
            _write_dataset(file, name, data)
            checksum = zlib.crc32(data.tobytes(), checksum)
        for text in (trace.model, trace.source, trace.tool_versions):
            checksum = zlib.crc32(text.encode(), checksum)
        _write_text(file, "format", "cyclescope-trace")
        file.attrs.create("schema_version", SCHEMA_VERSION, dtype="<i8")
        _write_text(file, "model", trace.model)
        _write_text(file, "source", trace.source)
        _write_text(file, "tool_versions", trace.tool_versions)
        file.attrs.create("total_macs", trace.macs, dtype="<i8")
        file.attrs.create("total_parameters", trace.parameters, dtype="<i8")
        file.attrs.create("content_crc32", checksum, dtype="<i8")
    return buffer.getvalue()


def _timeless_file(buffer: io.BytesIO) -> h5py.File:
    """A file in memory whose root and groups carry no object times; h5py offers that for datasets only."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, buffer)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    file = h5py.File(h5py.h5f.create(b"trace", h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access))
    for group in ("tensors", "operators", "graph"):
        properties = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
        properties.set_obj_track_times(False)
        h5py.h5g.create(file.id, group.encode(), gcpl=properties)
    return file


def _datasets(trace: Trace) -> Dict[str, np.ndarray]:
    """Every dataset in the order of the format description."""
    dims = np.zeros((len(trace.tensors), MAX_RANK), "<i8")
    for row, tensor in enumerate(trace.tensors):
        dims[row, :len(tensor.dims)] = tensor.dims
    inputs = [operator.inputs for operator in trace.operators]
    outputs = [operator.outputs for operator in trace.operators]
    return {
        "/tensors/name": _strings([tensor.name for tensor in trace.tensors]),
        "/tensors/dtype": np.array([tensor.dtype for tensor in trace.tensors], np.uint8),
        "/tensors/role": np.array([tensor.role for tensor in trace.tensors], np.uint8),
        "/tensors/rank": np.array([len(tensor.dims) for tensor in trace.tensors], np.uint8),
        "/tensors/dims": dims,
        "/operators/name": _strings([operator.name for operator in trace.operators]),
        "/operators/type": _strings([operator.type for operator in trace.operators]),
        "/operators/attributes": _strings([operator.attributes for operator in trace.operators]),
        "/operators/inputs_begin": _offsets(inputs),
        "/operators/inputs": _indices(inputs),
        "/operators/outputs_begin": _offsets(outputs),
        "/operators/outputs": _indices(outputs),
        "/graph/inputs": _indices([trace.inputs]),
        "/graph/outputs": _indices([trace.outputs]),
    }


def _strings(texts: Sequence[str]) -> np.ndarray:
    encoded = [text.encode() for text in texts]
    return np.array(encoded, h5py.string_dtype("utf-8", max(map(len, encoded), default=1)))


def _offsets(lists: List[List[int]]) -> np.ndarray:
    return np.cumsum([0] + [len(entry) for entry in lists]).astype("<u4")


def _indices(lists: List[List[int]]) -> np.ndarray:
    return np.array([index for entry in lists for index in entry], "<u4")


def _write_dataset(file: h5py.File, name: str, data: np.ndarray) -> None:
    options = {}
    if data.size:
        options = {"chunks": (min(data.shape[0], CHUNK_ROWS), *data.shape[1:]), "compression": "gzip",
                   "compression_opts": 9, "fletcher32": True}
    file.create_dataset(name, data=data, track_times=False, **options)


def _write_text(file: h5py.File, name: str, text: str) -> None:
    file.attrs.create(name, _strings([text])[0], dtype=h5py.string_dtype("utf-8", len(text.encode())))
