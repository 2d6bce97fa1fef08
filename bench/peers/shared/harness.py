"""What every peer's driver does alike: its commands, and how a load and latency are measured.

    driver.py versions
    driver.py load --database-url URL --participant-port PORT --folder FOLDER --settings SETTINGS --runs N
        [--process NAME=PID]...
    driver.py latency --database-url URL --participant-port PORT --folder FOLDER --settings SETTINGS [--seconds N]

Each prints one JSON object. `load` lets each worker process run a few workflows that are not counted, then measures
from the first start to the last end that the peer's own records tell. `latency` starts ten workflows a second on an
idle system. docs/peers.md says what is compared with what.
"""

import argparse
import asyncio
import json
import platform
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import crew
import measure
from order import STEPS
from tuned import Tuned

WARM_UP_RUNS = 200
RATE = 10
# No round may go on for so long without anything moving.
STALLED_SECONDS = 60
LATENCY_POLL_SECONDS = 0.0005
LATENCY_LIMIT_SECONDS = 10


class Faulty(Exception):
    """The round is worth no figure."""


class Place(NamedTuple):
    """Where a measurement takes place: a database, the participant, and a folder for what a peer keeps in files.

    Database and folder go together: both are empty, or both have the rows of earlier rounds.
    """

    database_url: str
    participant_port: int
    folder: str


class Sample(NamedTuple):
    """Milliseconds from the start of a workflow until it was durable, and until its end was."""

    accept: float
    finish: float


class Store(Protocol):
    """What the peer's own records say about workflows. Times are seconds since 1970."""

    # Where a result for each step is found, by `require_success`.
    results: str

    def idle(self) -> bool:
        """Whether no workflow is waiting or running. Asked often: must be cheap."""

    def live(self) -> int:
        """How many are."""

    def require_success(self, count: int, since: float) -> None:
        """Exactly `count` workflows were made since then, all ended well, and all their steps have results.

        Throws `Faulty`.
        """

    def last_completion(self, since: float) -> float:
        """When the last of the workflows made since then ended."""


@dataclass(frozen=True)
class System:
    """A peer that is up and idle: its processes by role, its records, and what has that many workflows started.

    `run` returns when the first was started, in seconds since 1970; it need not wait for their ends.
    """

    pids: Mapping[str, Sequence[int]]
    store: Store
    run: Callable[[int], float]


Settings = TypeVar("Settings", bound=Tuned)


class Peer(Protocol[Settings]):
    @property
    def settings(self) -> type[Settings]: ...

    def versions(self) -> dict[str, str]:
        """Of the packages that matter."""

    def running(self, place: Place, settings: Settings) -> AbstractContextManager[System]:
        """A system that is up until the block is left."""

    async def samples(self, place: Place, settings: Settings, seconds: int) -> list[Sample]:
        """What `paced` returns."""


def wait_until_idle(store: Store) -> None:
    last, last_change = -1, time.monotonic()
    while not store.idle():
        # How many is asked once a second, to see that it moves.
        if time.monotonic() - last_change > 1:
            count = store.live()
            if count != last:
                last, last_change = count, time.monotonic()
            elif time.monotonic() - last_change > STALLED_SECONDS:
                raise Faulty(f"{count} workflows are live, and nothing has moved for {STALLED_SECONDS} s")
        time.sleep(0.1)


def load(system: System, place: Place, settings: Tuned, runs: int, others: Mapping[str, int]) -> dict[str, object]:
    """`others` are processes of which the CPU counts, too: ids by name."""
    system.run(WARM_UP_RUNS * settings.processes)
    wait_until_idle(system.store)
    # What is made from now on is counted, and times in some records are whole milliseconds.
    time.sleep(0.01)
    processes = dict(system.pids) | {name: [pid] for name, pid in others.items()}

    def used() -> dict[str, float]:
        by_role = {role: sum(map(measure.cpu_microseconds, pids)) for role, pids in processes.items()}
        return by_role | {"driver": measure.own_cpu_microseconds()}

    calls = measure.calls_answered(place.participant_port)
    before = used()
    first = system.run(runs)
    wait_until_idle(system.store)
    after = used()
    answered = measure.calls_answered(place.participant_port)
    system.store.require_success(runs, first)
    if calls is not None and answered is not None and answered - calls < STEPS * runs:
        raise Faulty(f"the participant answered {answered - calls} calls, not {STEPS * runs}")
    seconds = system.store.last_completion(first) - first
    return {
        "settings": str(settings),
        "runs": runs,
        "seconds": round(seconds, 3),
        "workflows_per_second": round(runs / seconds, 1),
        "cpu_us_per_workflow": {name: round((after[name] - before[name]) / runs, 1) for name in after},
        "calls_counted": "participant" if calls is not None else system.store.results,
    }


async def paced(sample: Callable[[], Awaitable[Sample]], seconds: int, rate: int = RATE) -> list[Sample]:
    """Takes one sample after the other, so many a second, after one second of the same that is not counted."""
    samples = []
    begin = time.perf_counter()
    for number in range(rate * (seconds + 1)):
        await asyncio.sleep(max(0, begin + number / rate - time.perf_counter()))
        samples.append(await sample())
    return samples[rate:]


def watched(start: Callable[[], object], ended: Callable[[object], bool]) -> Sample:
    """One workflow from its start until another session reads that it ended, asking every half millisecond."""
    begin = time.perf_counter()
    workflow = start()
    accepted = time.perf_counter()
    while not ended(workflow):
        if time.perf_counter() - begin > LATENCY_LIMIT_SECONDS:
            raise Faulty(f"workflow {workflow} was not over after {LATENCY_LIMIT_SECONDS} s")
        time.sleep(LATENCY_POLL_SECONDS)
    return Sample((accepted - begin) * 1000, (time.perf_counter() - begin) * 1000)


def latency(samples: Sequence[Sample], settings: Tuned) -> dict[str, object]:
    return {
        "settings": str(settings),
        "runs": len(samples),
        "accept_ms": measure.percentiles([each.accept for each in samples]),
        "finish_ms": measure.percentiles([each.finish for each in samples]),
    }


def _process(text: str) -> tuple[str, int]:
    name, _, pid = text.partition("=")
    return name, int(pid)


def _arguments(settings: type[Tuned]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("versions")
    for name in ("load", "latency"):
        command = commands.add_parser(name)
        command.add_argument("--database-url", required=True)
        command.add_argument("--participant-port", type=int, required=True)
        command.add_argument("--folder", required=True)
        command.add_argument("--settings", type=settings.parse, default=settings(), metavar="NAME=VALUE,...")
    commands.choices["load"].add_argument("--runs", type=int, required=True)
    commands.choices["load"].add_argument("--process", type=_process, action="append", default=[])
    commands.choices["latency"].add_argument("--seconds", type=int, default=20)
    return parser.parse_args()


def main(peer: Peer[Settings]) -> None:
    arguments = _arguments(peer.settings)
    # So that a stopped driver takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.command == "versions":
            result: object = {"Python": platform.python_version()} | peer.versions()
        else:
            settings = arguments.settings
            place = Place(arguments.database_url, arguments.participant_port, arguments.folder)
            if settings.uvloop:
                crew.use_uvloop()
            if arguments.command == "load":
                with peer.running(place, settings) as system:
                    result = load(system, place, settings, arguments.runs, dict(arguments.process))
            else:
                result = latency(asyncio.run(peer.samples(place, settings, arguments.seconds)), settings)
    except Faulty as fault:
        sys.exit(f"{fault}")
    print(json.dumps(result))
