"""How absurd is run."""

from dataclasses import dataclass
from typing import Literal

from tuned import Tuned


@dataclass(frozen=True)
class Settings(Tuned):
    """One way to run the workload.

    - `shape` says with which client tasks are run:
      `async`: `AsyncAbsurd`, which claims again when all it has claimed is done;
      `threads`: `Absurd`, which claims again as soon as one of its threads is free.
    - `processes` run tasks with `workers` workers each; every worker has one connection, as the SDK has it, and runs
      `concurrency` tasks at a time.
    - `batch` is how many tasks a worker claims at once; 0 is as many as it runs, the SDK's default.
    - `polling` is `poll_interval`, seconds between looking for tasks where there were none; the default is 0.25.
    - `partitioned` is the queue's storage mode; a queue is made without partitions unless told otherwise.
    - `uvloop` replaces asyncio's event loop.
    """

    WORDS = {"shape": ("async", "threads")}

    shape: Literal["async", "threads"] = "async"
    processes: int = 2
    workers: int = 1
    concurrency: int = 16
    batch: int = 0
    polling: float = 0.05
    partitioned: bool = False
    uvloop: bool = False
