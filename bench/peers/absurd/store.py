"""What absurd's own tables say about the tasks of a round. One session, few and cheap questions."""

import psycopg

from harness import Faulty
from order import QUEUE, STEPS

LIVE = f"FROM absurd.r_{QUEUE} WHERE state IN ('pending', 'running', 'sleeping')"


class Store:
    results = "checkpoints"

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True, application_name="peer-bench")

    def ended(self, task: object) -> bool:
        sql = f"SELECT state FROM absurd.t_{QUEUE} WHERE task_id = %s"
        return self._connection.execute(sql, (task,)).fetchone() == ("completed",)

    def idle(self) -> bool:
        return self._connection.execute(f"SELECT 1 {LIVE} LIMIT 1").fetchone() is None

    def live(self) -> int:
        return int(self._one(f"SELECT count(*) {LIVE}"))

    def require_success(self, count: int, since: float) -> None:
        """All at the first attempt, too."""
        found = self._connection.execute(
            f"SELECT state, attempts, count(*) FROM absurd.t_{QUEUE} WHERE enqueue_at >= to_timestamp(%s)"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            (since,),
        ).fetchall()
        if found != [("completed", 1, count)]:
            raise Faulty(f"{count} tasks should have completed at once, but there are {found}")
        steps = self._one(
            f"SELECT count(*) FROM absurd.c_{QUEUE} JOIN absurd.t_{QUEUE} USING (task_id)"
            f" WHERE enqueue_at >= to_timestamp({since}) AND c_{QUEUE}.state IS NOT NULL AND status = 'committed'"
        )
        if steps != STEPS * count:
            raise Faulty(f"{STEPS * count} steps should have a result, but {steps} have")

    def last_completion(self, since: float) -> float:
        return self._one(
            f"SELECT extract(epoch FROM max(completed_at)) FROM absurd.r_{QUEUE}"
            f" WHERE created_at >= to_timestamp({since})"
        )

    def _one(self, sql: str) -> float:
        row = self._connection.execute(sql).fetchone()
        if row is None or row[0] is None:
            raise Faulty(f"no number came of: {sql}")
        return float(row[0])
