"""What Temporal's visibility records say about the workflows of a round."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import Client

from harness import Faulty
from order import STEPS

# Start, end, and the three events of each of the workflow tasks: one at first and one after each step, which has three
# events itself. A workflow that took fewer has not called three activities.
EVENTS = 2 + 3 * (STEPS + 1) + 3 * STEPS


class Store:
    """Records appear a moment after what they tell: so `idle` asks for all that were started, and not for any that run.

    A workflow counts from its start on, which the driver adds to `started`.
    """

    results = "history_length"

    def __init__(self, client: Client, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner
        self.started = self._count("")

    def idle(self) -> bool:
        return self.live() == 0

    def live(self) -> int:
        return self.started - self._count("ExecutionStatus != 'Running'")

    def require_success(self, count: int, since: float) -> None:
        made = f"StartTime >= '{_text(since)}'"
        found = self._count(made)
        completed = self._count(f"{made} AND ExecutionStatus = 'Completed' AND HistoryLength >= {EVENTS}")
        if not found == completed == count:
            raise Faulty(
                f"{count} workflows should have completed with {EVENTS} events, but {completed} of {found} have"
            )

    def last_completion(self, since: float) -> float:
        async def latest() -> datetime | None:
            # By close time, the latest first, is the order of the server.
            async for workflow in self._client.list_workflows(
                f"StartTime >= '{_text(since)}' AND ExecutionStatus = 'Completed'", limit=1, page_size=1
            ):
                return workflow.close_time
            return None

        close_time = self._runner.run(latest())
        if close_time is None:
            raise Faulty("no workflow has completed")
        return close_time.timestamp()

    def _count(self, query: str) -> int:
        async def count() -> int:
            return (await self._client.count_workflows(query)).count

        return self._runner.run(count())


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
