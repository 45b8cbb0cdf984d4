"""Reads CSV files whose first row names the columns."""
import csv
import math
from dataclasses import dataclass
from typing import Callable, Dict, List

from .errors import PlotError


@dataclass
class Row:
    """One row, and where it stands for messages."""

    place: str
    cells: Dict[str, str]

    def text(self, column: str) -> str:
        return self.cells[column]

    def number(self, column: str) -> float:
        try:
            value = float(self.cells[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise PlotError(f"{self.place}: {column} is '{self.cells[column]}'; expected a number")
        return value


@dataclass
class Table:
    """A CSV file."""

    path: str
    columns: List[str]
    rows: List[Row]


def read_table(path: str, check: Callable[[str, List[str]], None]) -> Table:
    """Reads a file of which `check` accepts the columns; every row must have a cell for each."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file, strict=True))
    except OSError as error:
        raise PlotError(f"{path}: {error.strerror}; expected a readable CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PlotError(f"{path}: no CSV file ({error}); expected one that cyclescope wrote") from error
    if not lines:
        raise PlotError(f"{path}: empty; expected a CSV file with a header")
    columns = lines[0]
    check(path, columns)
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if len(cells) != len(columns):
            raise PlotError(f"{path}:{number}: {len(cells)} cells; expected {len(columns)} as in the header")
        rows.append(Row(f"{path}:{number}", dict(zip(columns, cells))))
    if not rows:
        raise PlotError(f"{path}: no rows below the header; expected at least one")
    return Table(path, columns, rows)
