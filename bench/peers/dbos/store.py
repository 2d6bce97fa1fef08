"""What DBOS's own tables say about the workflows of a round. One session, few and cheap questions."""

import time

import psycopg

from settings import STEPS

# No round may go on for so long without anything moving.
STALLED_SECONDS = 60


class Faulty(Exception):
    """The round is worth no figure."""


class Store:
    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True, application_name="peer-bench")

    def status(self, workflow: str) -> str | None:
        row = self._connection.execute(
            "SELECT status FROM dbos.workflow_status WHERE workflow_uuid = %s", (workflow,)
        ).fetchone()
        return None if row is None else row[0]

    def wait_until_idle(self) -> None:
        """Returns when no workflow is waiting or running."""
        last, last_change = -1, time.monotonic()
        while True:
            live = "FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
            # Whether there is any costs next to nothing; how many is asked once a second, to see that it moves.
            if self._number(f"SELECT count(*) FROM (SELECT 1 {live} LIMIT 1) any_live") == 0:
                return
            if time.monotonic() - last_change > 1:
                count = self._number(f"SELECT count(*) {live}")
                if count != last:
                    last, last_change = count, time.monotonic()
                elif time.monotonic() - last_change > STALLED_SECONDS:
                    raise Faulty(f"{count} workflows are live, and nothing has moved for {STALLED_SECONDS} s")
            time.sleep(0.1)

    def require_success(self, count: int, since: float) -> None:
        """Exactly `count` workflows were made since then, all ended in SUCCESS, and all their steps have results."""
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
        """When the last of the workflows made since then ended, in seconds since 1970."""
        sql = f"SELECT max(completed_at) FROM dbos.workflow_status WHERE created_at >= {int(since * 1000)}"
        return self._number(sql) / 1000

    def _number(self, sql: str) -> int:
        row = self._connection.execute(sql).fetchone()
        if row is None or row[0] is None:
            raise Faulty(f"no number came of: {sql}")
        return int(row[0])
