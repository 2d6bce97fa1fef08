"""A process with one worker or more."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import application
import crew
from participant import Participant
from settings import Settings


def main(number: int, signals: crew.Signals, settings: Settings, database_url: str, participant_port: int) -> None:
    """Runs until `signals.over`, or the driver is gone."""
    crew.end_with_driver()
    if settings.uvloop:
        crew.use_uvloop()
    names = [f"worker-{number}-{each}" for each in range(settings.workers)]
    if settings.shape == "threads":
        Participant.port = participant_port
        _serve_threads(signals, settings, database_url, names)
    else:
        asyncio.run(_serve(signals, settings, database_url, participant_port, names))


def _serve_threads(signals: crew.Signals, settings: Settings, database_url: str, names: list[str]) -> None:
    apps = [application.threaded(database_url) for _ in names]
    with ThreadPoolExecutor(len(apps)) as threads:
        workers = [
            threads.submit(app.start_worker, **_options(settings, name)) for app, name in zip(apps, names, strict=True)
        ]
        signals.await_begin()
        signals.over.wait()
        for app in apps:
            app.stop_worker()
        for worker in workers:
            worker.result()
    for app in apps:
        app.close()


async def _serve(
    signals: crew.Signals, settings: Settings, database_url: str, participant_port: int, names: list[str]
) -> None:
    await Participant.open(participant_port)
    apps = [application.asynchronous(database_url) for _ in names]
    workers = asyncio.gather(
        *(app.start_worker(**_options(settings, name)) for app, name in zip(apps, names, strict=True))
    )
    await crew.work_until_over(signals)
    for app in apps:
        app.stop_worker()
    await workers
    for app in apps:
        await app.close()
    await Participant.session.close()


def _options(settings: Settings, name: str) -> dict[str, Any]:
    return {
        "worker_id": name,
        "concurrency": settings.concurrency,
        "batch_size": settings.batch or None,
        "poll_interval": settings.polling,
    }
