"""Runs sagaflow's bench workload on absurd; shared/harness.py has the commands."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg
from absurd_sdk import Absurd

import crew
import harness
import worker
from harness import Faulty, Place, Sample, System
from order import ORDER, QUEUE, WORKFLOW
from settings import Settings
from store import Store

# Threads of the driver that spawn tasks, each with a connection of its own: as fast as Postgres takes them.
SPAWNERS = 4


class Peer:
    settings = Settings

    def versions(self) -> dict[str, str]:
        return {name: version(name) for name in ("absurd-sdk", "absurdctl", "psycopg", "aiohttp", "uvloop")}

    @contextmanager
    def running(self, place: Place, settings: Settings) -> Iterator[System]:
        with workers(place, settings) as pids, ExitStack() as stack:
            clients = [stack.enter_context(closing(client(place))) for _ in range(SPAWNERS)]
            yield System({"workers": pids}, Store(place.database_url), spawner(clients))

    async def samples(self, place: Place, settings: Settings, seconds: int) -> list[Sample]:
        """Tasks are spawned here and run in another process; the end is when a session reads `completed`."""
        with workers(place, settings), closing(client(place)) as app:
            store = Store(place.database_url)
            return await harness.paced(
                lambda: asyncio.to_thread(harness.watched, lambda: spawn(app), store.ended), seconds
            )


@contextmanager
def workers(place: Place, settings: Settings) -> Iterator[list[int]]:
    prepare(place.database_url, settings)
    signals = crew.signals(settings.processes)
    arguments = (settings, place.database_url, place.participant_port)
    with crew.workers(worker.main, settings.processes, signals, *arguments) as pids:
        signals.await_begin()
        yield pids


def prepare(database_url: str, settings: Settings) -> None:
    """Makes the schema and the queue, unless they are there."""
    with psycopg.connect(database_url) as connection:
        if connection.execute("SELECT to_regclass('absurd.queues')").fetchone() != (None,):
            return
    mode = "partitioned" if settings.partitioned else "unpartitioned"
    for command in (["init"], ["create-queue", QUEUE, "--storage-mode", mode]):
        program = str(Path(sys.executable).with_name("absurdctl"))
        done = subprocess.run([program, *command, "-d", database_url], capture_output=True, text=True)
        if done.returncode != 0:
            raise Faulty(f"absurdctl {command[0]} failed: {done.stderr}")


def client(place: Place) -> Absurd:
    return Absurd(place.database_url, queue_name=QUEUE)


def spawn(app: Absurd) -> object:
    return app.spawn(WORKFLOW, ORDER, queue=QUEUE)["task_id"]


def spawner(clients: list[Absurd]) -> Callable[[int], float]:
    def run(count: int) -> float:
        tickets = iter(range(count))

        def work(app: Absurd) -> None:
            for _ in tickets:
                spawn(app)

        first = time.time()
        with ThreadPoolExecutor(len(clients)) as threads:
            list(threads.map(work, clients))
        return first

    return run


if __name__ == "__main__":
    harness.main(Peer())
