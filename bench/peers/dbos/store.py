"""What DBOS's own tables say about the workflows of a round. One session, few and cheap questions."""

import psycopg

from harness import Faulty
from order import STEPS


class Store:
    results = "operation_outputs"

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True, application_name="peer-bench")

    def ended(self, workflow: object) -> bool:
        row = self._connection.execute(
            "SELECT status FROM dbos.workflow_status WHERE workflow_uuid = %s", (workflow,)
        ).fetchone()
        return row is not None and row[0] == "SUCCESS"

    LIVE = "FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"

    def idle(self) -> bool:
        return self._number(f"SELECT count(*) FROM (SELECT 1 {self.LIVE} LIMIT 1) any_live") == 0

    def live(self) -> int:
        return self._number(f"SELECT count(*) {self.LIVE}")

    def require_success(self, count: int, since: float) -> None:
        milliseconds = int(since * 1000)
        found = self._connection.execute(
            "SELECT status, count(*) FROM dbos.workflow_status WHERE created_at >= %s GROUP BY 1 ORDER BY 1",
            (milliseconds,),
        ).fetchall()
        if found != [("SUCCESS", count)]:
            raise Faulty(f"{count} workflows should have ended in SUCCESS, but there are {found}")
        steps = self._number(
            "SELECT count(*) FROM dbos.operation_outputs JOIN dbos.workflow_status USING (workflow_uuid)"
            f" WHERE created_at >= {milliseconds} AND operation_outputs.output IS NOT NULL"
        )
        if steps != STEPS * count:
            raise Faulty(f"{STEPS * count} steps should have a result, but {steps} have")

    def last_completion(self, since: float) -> float:
        sql = f"SELECT max(completed_at) FROM dbos.workflow_status WHERE created_at >= {int(since * 1000)}"
        return self._number(sql) / 1000

    def _number(self, sql: str) -> int:
        row = self._connection.execute(sql).fetchone()
        if row is None or row[0] is None:
            raise Faulty(f"no number came of: {sql}")
        return int(row[0])
