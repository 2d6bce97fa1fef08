"""How DBOS is run."""

from dataclasses import dataclass
from typing import Literal

from tuned import Tuned


@dataclass(frozen=True)
class Settings(Tuned):
    """One way to run the workload.

    - `shape` says how workflows get going:
      `start`: `DBOS.start_workflow_async` in the process that runs them, async steps;
      `call`: an `await` of the workflow itself, async steps;
      `threads`: a call of the workflow on one of `concurrency` threads, sync steps;
      `queue`: `DBOSClient.enqueue` in another process, dequeued by the workers, async steps.
    - `processes` run workflows, each at most `concurrency` at a time.
    - `pool` is `sys_db_pool_size`, connections per process.
    - `pre_ping` is SQLAlchemy's `pool_pre_ping`, which DBOS switches on: a round trip before each transaction.
    - `uvloop` replaces asyncio's event loop.
    - `polling` is the queue's `polling_interval_sec`.
    """

    WORDS = {"shape": ("start", "call", "threads", "queue")}

    shape: Literal["start", "call", "threads", "queue"] = "start"
    processes: int = 2
    concurrency: int = 32
    pool: int = 20
    pre_ping: bool = True
    uvloop: bool = False
    polling: float = 0.05
