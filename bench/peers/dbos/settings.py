"""How the peer is run: everything that is tuned, in one value that is printed with each figure."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Literal

Shape = Literal["start", "call", "threads", "queue"]

APPLICATION = "sagaflow-peer"
QUEUE = "orders"
WORKFLOW = "order_chain"

# The same order as sagaflow's bench starts its runs with (bench/BenchWorkflow.swift).
ORDER: dict[str, object] = {
    "orderId": "ord-20300101-000042",
    "customerId": "cus-7f3a9c",
    "sku": "sku-1138-blue",
    "amount": 42,
    "currency": "EUR",
}
STEPS = 3


@dataclass(frozen=True)
class Settings:
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

    shape: Shape = "start"
    processes: int = 2
    concurrency: int = 32
    pool: int = 20
    pre_ping: bool = True
    uvloop: bool = False
    polling: float = 0.05

    @staticmethod
    def parse(text: str) -> "Settings":
        """Reads `name=value,name=value`; what is not named keeps its default."""
        kinds = {field.name: field.type for field in fields(Settings)}
        values: dict[str, object] = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            if name not in kinds:
                raise ValueError(f"no setting is called {name}")
            values[name] = value if name == "shape" else json.loads(value)
        settings = Settings(**values)  # type: ignore[arg-type]
        if settings.shape not in ("start", "call", "threads", "queue"):
            raise ValueError(f"no shape is called {settings.shape}")
        return settings

    def __str__(self) -> str:
        return ",".join(f"{name}={json.dumps(value).strip(chr(34))}" for name, value in asdict(self).items())
