"""The processes that run workflows: how they are started, told when all is over, and ended with who started them."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.synchronize import Barrier, Event

CONTEXT = multiprocessing.get_context("spawn")
# Workers have to be up within this, and to end within it.
START_SECONDS = 60


@dataclass(frozen=True)
class Signals:
    """What the driver and all workers share: everyone passes `begin` when all are up, and workers end after `over`."""

    begin: Barrier
    over: Event

    def await_begin(self) -> None:
        self.begin.wait(START_SECONDS)


def signals(workers: int) -> Signals:
    return Signals(CONTEXT.Barrier(workers + 1), CONTEXT.Event())


@contextmanager
def workers(main: Callable[..., None], count: int, shared: Signals, *arguments: object) -> Iterator[list[int]]:
    """Processes that run `main(number, shared, *arguments)`; yields their ids.

    `main` must call `end_with_driver` first, and return soon after `shared.over`.
    """
    processes = [
        CONTEXT.Process(target=main, args=(number, shared, *arguments), daemon=True) for number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        yield [process.pid for process in processes if process.pid is not None]
        shared.over.set()
        for process in processes:
            process.join(START_SECONDS)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def end_with_driver() -> None:
    """Ends this process when the one that started it is gone, however that went."""
    threading.Thread(target=_wait_for_driver, daemon=True).start()


def _wait_for_driver() -> None:
    driver = parent_process()
    assert driver is not None
    driver.join()
    os._exit(1)


async def work_until_over(shared: Signals) -> None:
    """For a worker that takes its work from a queue by itself: says that it is up, and waits for the end."""
    with ThreadPoolExecutor(1) as waiting:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(waiting, shared.await_begin)
        await loop.run_in_executor(waiting, shared.over.wait)


def use_uvloop() -> None:
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
