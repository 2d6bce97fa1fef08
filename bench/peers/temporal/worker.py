"""A process with one worker."""

import asyncio

from temporalio.client import Client
from temporalio.worker import (
    PollerBehavior,
    PollerBehaviorAutoscaling,
    PollerBehaviorSimpleMaximum,
    UnsandboxedWorkflowRunner,
    Worker,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import application
import crew
from order import QUEUE
from participant import Participant
from settings import Settings

# More than are ever open, so that none has to be replayed.
CACHED_WORKFLOWS = 20_000


def main(number: int, signals: crew.Signals, settings: Settings, address: str, participant_port: int) -> None:
    """Runs until `signals.over`, or the driver is gone."""
    crew.end_with_driver()
    if settings.uvloop:
        crew.use_uvloop()
    asyncio.run(_serve(signals, settings, address, participant_port))


async def _serve(signals: crew.Signals, settings: Settings, address: str, participant_port: int) -> None:
    await Participant.open(participant_port)
    worker = Worker(
        await Client.connect(address),
        task_queue=QUEUE,
        workflows=[application.OrderChain],
        activities=[application.step_a, application.step_b, application.step_c],
        workflow_runner=SandboxedWorkflowRunner() if settings.sandbox else UnsandboxedWorkflowRunner(),
        max_cached_workflows=CACHED_WORKFLOWS,
        max_concurrent_workflow_tasks=settings.workflow_tasks,
        max_concurrent_activities=settings.activities,
        workflow_task_poller_behavior=_pollers(settings),
        activity_task_poller_behavior=_pollers(settings),
    )
    async with worker:
        await crew.work_until_over(signals)
    await Participant.session.close()


def _pollers(settings: Settings) -> PollerBehavior:
    if settings.pollers == 0:
        return PollerBehaviorAutoscaling()
    return PollerBehaviorSimpleMaximum(settings.pollers)
