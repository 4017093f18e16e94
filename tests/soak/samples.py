"""What the service's process takes, looked at again and again: whether it is level or grows."""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    seconds: float
    memory: int  # bytes that are resident
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return (
            f"after {self.seconds / 60:.1f} minutes {self.memory / 2**20:.1f} MB, {self.descriptors} descriptors, "
            f"{self.threads} threads"
        )


@dataclass
class Watch:
    """Of one process, from now on."""

    pid: int
    samples: list[Sample] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        descriptors = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        memory, threads = int(lines["VmRSS"].split()[0]) * 1024, int(lines["Threads"])
        self.samples.append(Sample(time.monotonic() - self.began, memory, descriptors, threads))


@dataclass(frozen=True)
class Trend:
    """How a figure went once all was warm. `an_hour` is the slope of the straight line that fits best."""

    name: str
    first: float
    last: float
    most: float
    an_hour: float
    minutes: float

    @property
    def growth(self) -> float:
        """-> by which part of itself it grew from the first third to the last."""
        return self.last / self.first - 1 if self.first else 0.0

    def is_level(self, part: float) -> bool:
        """Whether it grew by no more than this part of itself."""
        return self.growth <= part

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.first:.1f} -> {self.last:.1f} (at most {self.most:.1f}), {self.growth:+.1%} in "
            f"{self.minutes:.1f} minutes, {self.an_hour:+.2f} an hour"
        )


WARM_AFTER = 1 / 3
"""The part of a run in which caches fill and pools open."""


def trends(samples: list[Sample]) -> list[Trend]:
    """-> of the memory in MB, the descriptors and the threads; from three samples on."""
    warm = samples[int(len(samples) * WARM_AFTER) :]
    return [
        _trend("memory, MB", warm, [sample.memory / 2**20 for sample in warm]),
        _trend("descriptors", warm, [float(sample.descriptors) for sample in warm]),
        _trend("threads", warm, [float(sample.threads) for sample in warm]),
    ]


def _trend(name: str, samples: list[Sample], values: list[float]) -> Trend:
    part = max(1, len(values) // 3)
    times = [sample.seconds for sample in samples]
    slope = statistics.linear_regression(times, values).slope if len(values) > 1 else 0.0
    return Trend(
        name,
        statistics.median(values[:part]),
        statistics.median(values[-part:]),
        max(values),
        slope * 3600,
        (times[-1] - times[0]) / 60,
    )
