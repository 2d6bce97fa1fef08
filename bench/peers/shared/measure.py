"""What the operating system says about CPU, and percentiles: the same definitions as bench/Measure has."""

import contextlib
import json
import math
import os
import urllib.request
from collections.abc import Sequence

TICK_MICROSECONDS = 1_000_000 / os.sysconf("SC_CLK_TCK")


def cpu_microseconds(pid: int) -> float:
    """User and system time of a process, of its live children, and of its children that have ended."""
    total = _ticks(pid)
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(child) for child in file.read().split()]
    for child in children:
        # One that has ended meanwhile is counted by its parent the next time.
        with contextlib.suppress(OSError):
            total += _ticks(child)
    return total * TICK_MICROSECONDS


def own_cpu_microseconds() -> float:
    """Of this process alone, without its children."""
    times = os.times()
    return (times.user + times.system) * 1_000_000


def _ticks(pid: int) -> int:
    """utime, stime, cutime and cstime: the 12th to 15th field behind the name, which may hold anything."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that a share of at least `percent` does not exceed (nearest rank)."""
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[min(max(rank, 1), len(values)) - 1]


def calls_answered(participant_port: int) -> int | None:
    """How many calls the participant has counted; None for one that does not count."""
    with urllib.request.urlopen(f"http://127.0.0.1:{participant_port}/stats", timeout=10) as response:
        stats = json.load(response)
    numbers = [value for value in stats.values() if isinstance(value, int) and not isinstance(value, bool)]
    return numbers[0] if len(numbers) == 1 else stats.get("calls")


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The middle and the slow end, as figures have them."""
    return {f"p{percent}": round(percentile(values, percent), 3) for percent in (50, 99)}
