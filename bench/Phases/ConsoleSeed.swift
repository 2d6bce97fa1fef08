/// What makes a history of COMPLETED runs one in which people look for something: some failed, some live and wait, some are of another
/// workflow, and some were counted for the charts.
enum ConsoleSeed {
    static let statements = [
        "CREATE TABLE picked AS SELECT run_id, row_number() OVER (ORDER BY run_id) AS n FROM workflow_runs",
        """
        UPDATE workflow_runs r SET cause = 'STEP_FAILED',
            status = CASE WHEN p.n % 200 = 0 THEN 'FAILED' WHEN p.n % 80 = 0 THEN 'CANCELLED' ELSE 'COMPENSATED' END,
            error = CASE WHEN p.n % 200 = 0 THEN json_build_object('kind', 'compensation', 'stepId', 'b',
                    'message', 'The compensation of b gave up, its effect may still stand: no answer ' || p.n % 7)
                ELSE json_build_object('kind', 'rejected', 'httpStatus', 402, 'stepId', 'c', 'message', 'Card declined') END
        FROM picked p WHERE p.run_id = r.run_id AND p.n % 40 = 0
        """,
        """
        UPDATE workflow_runs r SET status = 'RUNNING', completed_at = NULL, output = NULL,
            snapshot_seq = (SELECT j.event_count FROM run_journal j WHERE j.run_id = r.run_id AND j.seq = 1),
            deadline_at = CASE WHEN p.n % 1000 = 1 THEN now() - interval '1 minute' END,
            snapshot = (
                SELECT json_agg(CASE s.ord WHEN 1 THEN s.step
                    WHEN 2 THEN json_build_object('id', s.step->>'id', 'status', 'PENDING', 'attempts', 1 + p.n / 50 % 4,
                        'error', json_build_object('kind', 'unknown', 'message', 'timed out'),
                        'nextAttemptAt', (extract(epoch FROM now()) * 1000000)::int8 + 86400000000)
                    ELSE json_build_object('id', s.step->>'id', 'status', 'PENDING') END ORDER BY s.ord)
                FROM json_array_elements(r.snapshot) WITH ORDINALITY AS s (step, ord))
        FROM picked p WHERE p.run_id = r.run_id AND p.n % 50 = 1
        """,
        """
        DELETE FROM run_journal j USING picked p WHERE p.run_id = j.run_id AND p.n % 50 = 1 AND j.seq > 1
        """,
        """
        INSERT INTO outbox (run_id, available_at, epoch, last_seq, waits_for)
        SELECT p.run_id, now() + interval '1 day', 3, r.snapshot_seq, CASE p.n / 50 % 4 WHEN 0 THEN 4 ELSE 1 END
        FROM picked p JOIN workflow_runs r ON r.run_id = p.run_id WHERE p.n % 50 = 1
        """,
        """
        UPDATE workflow_runs r SET workflow_name = 'rare', workflow_version = '2.0.0', tenant_id = 'small',
            correlation_id = 'order-' || p.n
        FROM picked p WHERE p.run_id = r.run_id AND p.n % 1000 = 2
        """,
        """
        INSERT INTO run_minutes
        SELECT date_trunc('minute', now()) + n * interval '1 minute', 'default', 'w' || w, 20 + n % 7, 19, n % 3, 0, n % 5
        FROM generate_series(-1439, 30) n, generate_series(1, 20) w
        """,
        "DROP TABLE picked", "VACUUM ANALYZE",
    ]

    static let pages: [(name: String, path: String)] = [
        ("Now", "/console/now"), ("Failed", "/console/failed"), ("Runs", "/console/runs"),
        ("FAILED", "/console/runs?status=FAILED"), ("COMPLETED", "/console/runs?status=COMPLETED"),
        ("RUNNING", "/console/runs?status=RUNNING"), ("of a workflow", "/console/runs?workflow=\(BenchWorkflow.name)"),
        ("of a workflow and version that few are of", "/console/runs?workflow=rare&version=2.0.0"),
        ("of a workflow that there is not", "/console/runs?workflow=nothing"),
        ("that wait to try again", "/console/runs?waitingFor=retry"),
        ("third attempt or later", "/console/runs?waitingFor=retry&minAttempts=3"),
        ("at a step", "/console/runs?step=b"), ("with an error", "/console/runs?error=declined"),
        ("past their deadline", "/console/runs?overdue=true"), ("of a small tenant", "/console/runs?tenantId=small"),
        ("of a correlation id", "/console/runs?correlationId=order-2"),
        ("of a day", "/console/runs?createdAfter=2001-01-01T00:00:00Z&createdBefore=2100-01-01T00:00:00Z"),
    ]
}
