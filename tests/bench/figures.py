"""What a benchmark tells, and how it is taken: side by side in one process, several times, the median."""

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """A number of one run. `limit` is the most that it may be (design.md part 6); None: shown for what it tells."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.value > self.limit


class Stopwatch:
    """Adds up what calls cost by a clock, under a name each. By default the process' own CPU seconds."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.clock = clock
        self.spent: dict[str, list[float]] = defaultdict(list)

    def of(self, name: str, act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        begun = self.clock()
        result = act(*args, **kwargs)
        self.spent[name].append(self.clock() - begun)
        return result

    @property
    def total(self) -> float:
        return sum(map(sum, self.spent.values()))


@dataclass(frozen=True)
class Compared:
    """Medians of two things that were measured in turn, and of their quotient in each round."""

    one: float
    other: float
    ratio: float


def side_by_side(rounds: int, one: Callable[[], float], other: Callable[[], float]) -> Compared:
    """Both report what they cost. They take turns, so that what else runs on this machine hits both alike."""
    pairs = [(_clean(one), _clean(other)) for _ in range(rounds)]
    return Compared(
        median(first for first, _ in pairs),
        median(second for _, second in pairs),
        median(first / second for first, second in pairs),
    )


def _clean(act: Callable[[], float]) -> float:
    """Nobody pays for what another left behind, nor for walking through what only the benchmark keeps."""
    gc.collect()
    gc.freeze()
    try:
        return act()
    finally:
        gc.unfreeze()


def table(figures: Iterable[tuple[str, Figure]]) -> str:
    """-> lines of benchmark, figure, value, limit; and which are over it."""
    rows = [("benchmark", "figure", "value", "limit", "")]
    for benchmark, figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:g}"
        rows.append((benchmark, figure.name, _written(figure), limit, "OVER" if figure.is_over else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _written(figure: Figure) -> str:
    value = f"{figure.value:g}" if figure.value == int(figure.value) else f"{figure.value:.3g}"
    return f"{value} {figure.unit}".rstrip()
