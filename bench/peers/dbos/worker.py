"""A process that runs workflows, as many as are wanted, a bounded number at a time."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.queues import Queue as ProcessQueue
from multiprocessing.sharedctypes import Synchronized

from dbos import DBOS

import application
import crew
from order import ORDER, QUEUE
from participant import Participant
from settings import Settings


@dataclass(frozen=True)
class Orders(crew.Signals):
    """What the driver and all workers share.

    `tickets` counts down: whoever takes one starts one workflow, so that no worker idles while another has a backlog.
    A round begins when everyone has passed `begin`, and ends when every worker has said in `reports` when it started
    its first workflow (seconds since 1970; infinity when it had none). After `over` everyone passes `begin` once more.
    """

    tickets: "Synchronized[int]"
    reports: "ProcessQueue[float]"

    def take(self) -> bool:
        with self.tickets.get_lock():
            if self.tickets.value <= 0:
                return False
            self.tickets.value -= 1
            return True


def main(number: int, orders: Orders, settings: Settings, database_url: str, participant_port: int) -> None:
    """Runs until `orders.over`, or the driver is gone."""
    crew.end_with_driver()
    if settings.uvloop:
        crew.use_uvloop()
    Participant.port = participant_port
    DBOS(config=application.configuration(database_url, settings, f"worker-{number}"))
    if settings.shape == "threads":
        _serve_threads(settings, orders)
    else:
        asyncio.run(_serve(settings, orders, participant_port))


def _serve_threads(settings: Settings, orders: Orders) -> None:
    def work() -> float:
        first = float("inf")
        while orders.take():
            first = min(first, time.time())
            application.order_chain_in_threads(ORDER)
        return first

    DBOS.launch()
    with ThreadPoolExecutor(settings.concurrency) as threads:
        while _begins(orders):
            rounds = [threads.submit(work) for _ in range(settings.concurrency)]
            orders.reports.put(min(each.result() for each in rounds))
    DBOS.destroy()


async def _serve(settings: Settings, orders: Orders, participant_port: int) -> None:
    async def work() -> float:
        first = float("inf")
        while orders.take():
            first = min(first, time.time())
            if settings.shape == "call":
                await application.order_chain(ORDER)
            else:
                handle = await DBOS.start_workflow_async(application.order_chain, ORDER)
                await handle.get_result()
        return first

    # On this loop, which DBOS then uses for dequeued workflows, too.
    DBOS.launch()
    await Participant.open(participant_port)
    if settings.shape == "queue":
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=settings.concurrency,
            polling_interval_sec=settings.polling,
            on_conflict="always_update",
        )
    # Not with to_thread: that is DBOS's pool. This thread does nothing but wait.
    with ThreadPoolExecutor(1) as waiting:
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(waiting, _begins, orders):
            if settings.shape != "queue":
                orders.reports.put(min(await asyncio.gather(*(work() for _ in range(settings.concurrency)))))
    await Participant.session.close()
    DBOS.destroy()


def _begins(orders: Orders) -> bool:
    """Waits for the next round; false when there is none."""
    orders.begin.wait()
    return not orders.over.is_set()
