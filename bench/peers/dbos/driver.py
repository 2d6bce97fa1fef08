"""Runs sagaflow's bench workload on DBOS Transact, and prints one JSON object for each measurement.

    driver.py versions
    driver.py load --database-url URL --participant-port PORT --runs N --settings SETTINGS [--process NAME=PID]...
    driver.py latency --database-url URL --participant-port PORT --settings SETTINGS

`load` starts its worker processes, lets each run a few workflows that are not counted, then measures from the first
start to the last SUCCESS in DBOS's own table. `latency` starts ten workflows a second on an idle system. docs/peers.md
says what is compared with what.
"""

import argparse
import asyncio
import json
import multiprocessing
import platform
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import NamedTuple

from dbos import DBOS, DBOSClient, EnqueueOptions

import application
import measure
import worker
from settings import APPLICATION, ORDER, QUEUE, STEPS, WORKFLOW, Settings
from store import Faulty, Store

WARM_UP_RUNS = 200
# Workers have to be up within this, and a round over.
START_SECONDS = 60
ROUND_SECONDS = 600
RATE = 10
LATENCY_SECONDS = 20
LATENCY_POLL_SECONDS = 0.0005


class Workers(NamedTuple):
    """Live worker processes."""

    pids: list[int]
    orders: worker.Orders

    def run(self, count: int) -> float:
        """Has `count` workflows started and run by the workers; returns when the first was started."""
        self.orders.tickets.value = count
        self.orders.begin.wait(START_SECONDS)
        return min(self.orders.reports.get(timeout=ROUND_SECONDS) for _ in self.pids)


@contextmanager
def workers(settings: Settings, database_url: str, participant_port: int) -> Iterator[Workers]:
    context = multiprocessing.get_context("spawn")
    orders = worker.Orders(
        context.Value("q", 0), context.Barrier(settings.processes + 1), context.Queue(), context.Event()
    )
    processes = [
        context.Process(
            target=worker.main, args=(number, settings, database_url, participant_port, orders), daemon=True
        )
        for number in range(settings.processes)
    ]
    for process in processes:
        process.start()
    try:
        yield Workers([process.pid for process in processes if process.pid is not None], orders)
        orders.over.set()
        orders.begin.wait(START_SECONDS)
    finally:
        for process in processes:
            process.join(START_SECONDS)
            process.terminate()


def enqueue(client: DBOSClient, settings: Settings, count: int) -> float:
    """Enqueues from as many threads as a worker runs workflows; returns when the first was sent."""
    first = time.time()
    options = client_options()
    with ThreadPoolExecutor(settings.concurrency) as threads:
        for _ in threads.map(lambda _: client.enqueue(options, ORDER), range(count)):
            pass
    return first


def client_options() -> EnqueueOptions:
    return {"queue_name": QUEUE, "workflow_name": WORKFLOW, "app_version": "1"}


def load(arguments: argparse.Namespace) -> dict[str, object]:
    settings: Settings = arguments.settings
    DBOS.migrate(arguments.database_url)
    store = Store(arguments.database_url)
    with workers(settings, arguments.database_url, arguments.participant_port) as crew:
        if settings.shape == "queue":
            client = DBOSClient(
                system_database_url=arguments.database_url,
                application_name=APPLICATION,
                system_database_pool_size=settings.pool,
            )
            crew.orders.begin.wait(START_SECONDS)

            def run(count: int) -> float:
                return enqueue(client, settings, count)
        else:
            run = crew.run
        run(WARM_UP_RUNS * settings.processes)
        store.wait_until_idle()
        # What is made from now on is counted, and times in the table are whole milliseconds.
        time.sleep(0.01)
        calls = measure.calls_answered(arguments.participant_port)
        processes = dict(arguments.process)
        before = {name: measure.cpu_microseconds(pid) for name, pid in processes.items()}
        workers_before = sum(map(measure.cpu_microseconds, crew.pids))
        own_before = measure.own_cpu_microseconds()
        first = run(arguments.runs)
        store.wait_until_idle()
        cpu = {"workers": sum(map(measure.cpu_microseconds, crew.pids)) - workers_before}
        cpu["driver"] = measure.own_cpu_microseconds() - own_before
        cpu |= {name: measure.cpu_microseconds(pid) - before[name] for name, pid in processes.items()}
        answered = measure.calls_answered(arguments.participant_port)
        store.require_success(arguments.runs, first)
        if calls is not None and answered is not None and answered - calls < STEPS * arguments.runs:
            raise Faulty(f"the participant answered {answered - calls} calls, not {STEPS * arguments.runs}")
        seconds = store.last_completion(first) - first
    return {
        "settings": str(settings),
        "runs": arguments.runs,
        "seconds": round(seconds, 3),
        "workflows_per_second": round(arguments.runs / seconds, 1),
        "cpu_us_per_workflow": {name: round(value / arguments.runs, 1) for name, value in cpu.items()},
        "calls_counted": "participant" if calls is not None else "operation_outputs",
    }


class Sample(NamedTuple):
    """Milliseconds from the start of a workflow until it was durable, and until its end was."""

    accept: float
    finish: float


async def latency(arguments: argparse.Namespace) -> dict[str, object]:
    """In one process, which starts and runs the workflows; the end is when the handle has the result.

    With the shape `queue` another process runs them, and the end is when a session reads SUCCESS, asking every half
    millisecond, which is how sagaflow's is taken.
    """
    settings: Settings = arguments.settings
    DBOS.migrate(arguments.database_url)
    if settings.shape == "queue":
        samples = await asyncio.to_thread(queued_samples, arguments)
    else:
        DBOS(config=application.configuration(arguments.database_url, settings, "latency"))
        DBOS.launch()
        await application.Participant.open(arguments.participant_port)
        samples = []
        begin = time.perf_counter()
        for number in range(RATE * (LATENCY_SECONDS + 1)):
            await asyncio.sleep(max(0, begin + number / RATE - time.perf_counter()))
            samples.append(await (in_threads_sample if settings.shape == "threads" else sample)())
        await application.Participant.session.close()
        DBOS.destroy()
    counted = samples[RATE:]
    return {
        "settings": str(settings),
        "runs": len(counted),
        "accept_ms": percentiles([each.accept for each in counted]),
        "finish_ms": percentiles([each.finish for each in counted]),
    }


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


def queued_samples(arguments: argparse.Namespace) -> list[Sample]:
    settings: Settings = arguments.settings
    store = Store(arguments.database_url)
    client = DBOSClient(system_database_url=arguments.database_url, application_name=APPLICATION)
    options = client_options()
    samples = []
    with workers(settings, arguments.database_url, arguments.participant_port) as crew:
        crew.orders.begin.wait(START_SECONDS)
        client.enqueue(options, ORDER)
        store.wait_until_idle()
        begin = time.perf_counter()
        for number in range(RATE * (LATENCY_SECONDS + 1)):
            time.sleep(max(0, begin + number / RATE - time.perf_counter()))
            start = time.perf_counter()
            workflow = client.enqueue(options, ORDER).get_workflow_id()
            accepted = time.perf_counter()
            while store.status(workflow) != "SUCCESS":
                if time.perf_counter() - start > 10:
                    raise Faulty(f"workflow {workflow} was not over after 10 s")
                time.sleep(LATENCY_POLL_SECONDS)
            samples.append(Sample((accepted - start) * 1000, (time.perf_counter() - start) * 1000))
    return samples


def percentiles(values: list[float]) -> dict[str, float]:
    return {f"p{percent}": round(measure.percentile(values, percent), 3) for percent in (50, 99)}


def versions() -> dict[str, str]:
    packages = ("dbos", "SQLAlchemy", "psycopg", "aiohttp", "uvloop")
    return {"Python": platform.python_version()} | {name: version(name) for name in packages}


def process_argument(text: str) -> tuple[str, int]:
    name, _, pid = text.partition("=")
    return name, int(pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("versions")
    for name in ("load", "latency"):
        command = commands.add_parser(name)
        command.add_argument("--database-url", required=True)
        command.add_argument("--participant-port", type=int, required=True)
        command.add_argument("--settings", type=Settings.parse, default=Settings(), metavar="NAME=VALUE,...")
    commands.choices["load"].add_argument("--runs", type=int, required=True)
    commands.choices["load"].add_argument("--process", type=process_argument, action="append", default=[])
    arguments = parser.parse_args()
    # So that a stopped driver takes its workers along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if arguments.command == "load":
            result: object = load(arguments)
        elif arguments.command == "latency":
            if arguments.settings.uvloop:
                import uvloop

                asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
            result = asyncio.run(latency(arguments))
        else:
            result = versions()
    except Faulty as fault:
        sys.exit(f"{fault}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
