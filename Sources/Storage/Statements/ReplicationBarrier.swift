/// Goes before a statement that looks for rows whose commit nobody was told of, and makes its answer wait until they are
/// as durable as an acknowledged commit.
///
/// A commit becomes visible only after the synchronous standby has it, with two exceptions: the primary was restarted
/// while the commit waited, or an operator broke the wait off. Then the row can be read although a failover would lose
/// it, and "it is there" would be a promise we cannot keep. The message written here is a commit of its own, later in
/// the log: when it is acknowledged, all that was visible before is replicated. A few bytes of WAL, on rare paths only.
let replicationBarrier = """
    WITH barrier AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'sagaflow', '') AS lsn)
    """
