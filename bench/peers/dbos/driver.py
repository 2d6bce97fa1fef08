"""Runs sagaflow's bench workload on DBOS Transact; shared/harness.py has the commands."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version

from dbos import DBOS, DBOSClient, EnqueueOptions

import application
import crew
import harness
import worker
from harness import Place, Sample, System
from order import APPLICATION, ORDER, QUEUE, WORKFLOW
from participant import Participant
from settings import Settings
from store import Store

ROUND_SECONDS = 600

OPTIONS: EnqueueOptions = {"queue_name": QUEUE, "workflow_name": WORKFLOW, "app_version": "1"}


class Peer:
    settings = Settings

    def versions(self) -> dict[str, str]:
        return {name: version(name) for name in ("dbos", "SQLAlchemy", "psycopg", "aiohttp", "uvloop")}

    @contextmanager
    def running(self, place: Place, settings: Settings) -> Iterator[System]:
        DBOS.migrate(place.database_url)
        with workers(settings, place) as (pids, orders):
            run = in_workers(settings, orders)
            if settings.shape == "queue":
                client = client_for(place, settings.pool)
                orders.await_begin()
                run = by_queue(settings, client)
            yield System({"workers": pids}, Store(place.database_url), run)

    async def samples(self, place: Place, settings: Settings, seconds: int) -> list[Sample]:
        """In one process, which starts and runs the workflows; the end is when the handle has the result.

        With the shape `queue` another process runs them, and the end is when a session reads SUCCESS.
        """
        DBOS.migrate(place.database_url)
        if settings.shape == "queue":
            with workers(settings, place) as (_, orders):
                orders.await_begin()
                client, store = client_for(place, settings.pool), Store(place.database_url)

                def enqueue() -> object:
                    return client.enqueue(OPTIONS, ORDER).get_workflow_id()

                return await harness.paced(lambda: asyncio.to_thread(harness.watched, enqueue, store.ended), seconds)
        DBOS(config=application.configuration(place.database_url, settings, "latency"))
        DBOS.launch()
        await Participant.open(place.participant_port)
        samples = await harness.paced(in_threads_sample if settings.shape == "threads" else sample, seconds)
        await Participant.session.close()
        DBOS.destroy()
        return samples


@contextmanager
def workers(settings: Settings, place: Place) -> Iterator[tuple[list[int], worker.Orders]]:
    signals = crew.signals(settings.processes)
    orders = worker.Orders(signals.begin, signals.over, crew.CONTEXT.Value("q", 0), crew.CONTEXT.Queue())
    arguments = (settings, place.database_url, place.participant_port)
    with crew.workers(worker.main, settings.processes, orders, *arguments) as pids:
        yield pids, orders
        orders.over.set()
        orders.await_begin()


def client_for(place: Place, pool: int) -> DBOSClient:
    return DBOSClient(
        system_database_url=place.database_url, application_name=APPLICATION, system_database_pool_size=pool
    )


def in_workers(settings: Settings, orders: worker.Orders) -> Callable[[int], float]:
    """Has the workflows started and run by the workers."""

    def run(count: int) -> float:
        orders.tickets.value = count
        orders.await_begin()
        return min(orders.reports.get(timeout=ROUND_SECONDS) for _ in range(settings.processes))

    return run


def by_queue(settings: Settings, client: DBOSClient) -> Callable[[int], float]:
    """Enqueues from as many threads as a worker runs workflows."""

    def run(count: int) -> float:
        first = time.time()
        with ThreadPoolExecutor(settings.concurrency) as threads:
            for _ in threads.map(lambda _: client.enqueue(OPTIONS, ORDER), range(count)):
                pass
        return first

    return run


async def sample() -> Sample:
    start = time.perf_counter()
    handle = await DBOS.start_workflow_async(application.order_chain, ORDER)
    accepted = time.perf_counter()
    await handle.get_result()
    return Sample((accepted - start) * 1000, (time.perf_counter() - start) * 1000)


async def in_threads_sample() -> Sample:
    def run() -> Sample:
        start = time.perf_counter()
        handle = DBOS.start_workflow(application.order_chain_in_threads, ORDER)
        accepted = time.perf_counter()
        handle.get_result()
        return Sample((accepted - start) * 1000, (time.perf_counter() - start) * 1000)

    return await asyncio.to_thread(run)


if __name__ == "__main__":
    harness.main(Peer())
