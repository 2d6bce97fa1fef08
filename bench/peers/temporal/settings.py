"""How Temporal is run."""

from dataclasses import dataclass
from typing import Literal

from tuned import Tuned


@dataclass(frozen=True)
class Settings(Tuned):
    """One way to run the workload.

    - `shape` says how the driver, a process of its own, starts workflows, `concurrency` calls at a time:
      `start`: as fast as the server takes them;
      `execute`: the next one when an earlier one has ended, so that no more than `concurrency` are open.
    - `processes` are worker processes with one worker each.
    - `activities` and `workflow_tasks` are `max_concurrent_activities` and `max_concurrent_workflow_tasks` of each.
    - `pollers` for each of the two queues; 0 is `PollerBehaviorAutoscaling`, which is recommended.
    - `sandbox` keeps workflow code from doing what can't be repeated, as the SDK does unless told otherwise.
    - `partitions` of the task queue, for reading and writing; the server's default is 4.
    - `rate` is how many are started a second when latency is taken: ten are no idle system for the development server.
    - `uvloop` replaces asyncio's event loop.
    """

    WORDS = {"shape": ("start", "execute")}

    shape: Literal["start", "execute"] = "start"
    processes: int = 2
    concurrency: int = 64
    activities: int = 100
    workflow_tasks: int = 100
    pollers: int = 0
    sandbox: bool = True
    partitions: int = 4
    rate: int = 10
    uvloop: bool = False
