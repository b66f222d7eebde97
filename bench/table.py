"""The one table of `make bench`: what a row is, how a bench gives its rows, how they are written. Imports nothing of ours.

A bench calls `give`; started alone it prints its rows, under `make bench` they go to the file that BENCH_ROWS names.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS = "BENCH_ROWS"
HEADS = ("measure", "figure", "ratio", "against", "target", "holds", "CPU each", "rounds")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, or one ratio of two figures of the same run.

    `target` is the ratio's (or, without a ratio, the figure's) promised bound: at most where `most`, else at least.
    `processor` is the server's microseconds of computing for each unit that `figure` counts.
    """

    name: str
    figure: float
    unit: str
    ratio: float | None = None
    against: str = ""
    target: float | None = None
    most: bool = False
    processor: float | None = None
    rounds: int = 1

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        value = self.figure if self.ratio is None else self.ratio
        return value <= self.target if self.most else value >= self.target


def give(rows: Iterable[Row]) -> None:
    """Hand a bench's rows over: to the file that `make bench` collects, else to whoever reads."""
    given = list(rows)
    if file := os.environ.get(ROWS):
        with Path(file).open("a") as open_file:
            open_file.writelines(json.dumps(asdict(row)) + "\n" for row in given)
    print(draw(given))


def take(file: Path) -> list[Row]:
    """Return the rows that were given to a file; none where no bench gave any."""
    return [Row(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def draw(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table whose columns stand below each other."""
    lines = [HEADS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def cells(row: Row) -> tuple[str, ...]:
    bound = "" if row.target is None else f"{'≤' if row.most else '≥'} {tell(row.target)}"
    return (
        row.name,
        f"{tell(row.figure)} {row.unit}".strip(),
        "" if row.ratio is None else tell(row.ratio),
        row.against,
        bound,
        {None: "", True: "yes", False: "NO"}[row.holds],
        "" if row.processor is None else f"{row.processor:.1f} µs",
        str(row.rounds),
    )


def tell(value: float) -> str:
    """Return a number with about three digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
