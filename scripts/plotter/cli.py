"""Command line of scripts/plot."""
import argparse
import os
import sys
import tempfile
from typing import Any, List, NoReturn

from . import latency_load, scaling
from .errors import PlotError
from .table import read_table

#: Kinds of file: modules with NAME, COLUMNS, add_options(parser) and draw(rows, figure, options).
KINDS = (latency_load, scaling)
_ENDINGS = (".png", ".svg", ".pdf")

_DESCRIPTION = """\
Draws CSV files that cyclescope wrote. What they hold is recognised by their columns; several files of one kind share
one figure: latency-load curves with a line per memory and pattern; scaling with speed-up above and causes of loss
below."""
_EPILOG = """\
examples:
  build/release/cyclescope memory --memory hbm3_3200 --pattern random32 --curve --out hbm3.csv
  scripts/plot hbm3.csv --out hbm3.png
  build/release/cyclescope scaling --platform kpu-t64 --model resnet50 --tiles 32,64,128 --out tiles
  scripts/plot tiles/scaling.csv --only state=steady --out scaling.png
  scripts/plot hbm3.csv ddr4.csv --share --latency p99 --out both.svg

exit codes: 0 written; 2 bad input or environment. On failure one line says what is wrong and no file is left behind."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise PlotError(f"{message}; expected the options of scripts/plot --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="scripts/plot", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE.csv", help="files of one kind")
    parser.add_argument("--out", metavar="FILE.png", help="picture to write: .png, .svg or .pdf (default: the first "
                                                          "file's name with .png)")
    parser.add_argument("--title", help="above the figure")
    for kind in KINDS:
        kind.add_options(parser.add_argument_group(f"{kind.NAME} figures"))
    return parser


def _kind_of(path: str, columns: List[str]) -> Any:
    for kind in KINDS:
        if set(kind.COLUMNS) <= set(columns):
            return kind
    known = "; ".join(f"{kind.NAME}: {', '.join(kind.COLUMNS)}" for kind in KINDS)
    raise PlotError(f"{path}: unknown columns; expected those of a kind that can be drawn ({known})")


def _figure(options: argparse.Namespace) -> Any:
    tables = [read_table(path, _kind_of) for path in options.files]
    kinds = [_kind_of(table.path, table.columns) for table in tables]
    for table, kind in zip(tables, kinds):
        if kind is not kinds[0]:
            raise PlotError(f"{table.path}: {kind.NAME}, but {tables[0].path}: {kinds[0].NAME}; expected one kind")
    try:
        import matplotlib
    except ImportError as error:
        raise PlotError("matplotlib is missing; expected Debian's package python3-matplotlib") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure = pyplot.figure(figsize=(8, 5), layout="constrained")
    if options.title:
        figure.suptitle(options.title)
    kinds[0].draw([row for table in tables for row in table.rows], figure, options)
    return figure


def _write(figure: Any, path: str) -> None:
    """The file appears complete or not at all."""
    ending = os.path.splitext(path)[1]
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(suffix=ending, prefix=".plot-", dir=os.path.dirname(path) or ".")
        with os.fdopen(descriptor, "wb") as file:
            figure.savefig(file, format=ending[1:], dpi=150)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        raise PlotError(f"cannot write '{path}': {error.strerror}; expected a file in a writable directory") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _run(options: argparse.Namespace) -> None:
    out = options.out if options.out is not None else os.path.splitext(options.files[0])[0] + ".png"
    if os.path.splitext(out)[1] not in _ENDINGS:
        raise PlotError(f"--out '{out}': expected an ending of {' '.join(_ENDINGS)}")
    _write(_figure(options), out)


def main(arguments: List[str]) -> int:
    """Runs the command and returns its exit code."""
    try:
        _run(_parser().parse_args(arguments))
    except PlotError as error:
        print(f"plot: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
