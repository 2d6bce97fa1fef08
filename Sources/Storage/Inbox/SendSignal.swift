package import Core
package import Postgres

/// Sends a live run a signal, and wakes the run if it waits.
///
/// The same signal again, by its key, is not written again as long as it waits; afterwards the run itself knows its keys.
/// As with `SendToRun` no row comes back when the run is over.
package struct SendSignal: Statement {
    package let runID: RunID
    package let request: InboxRequest
    /// Of the payload.
    package let bytes: Int
    /// What waits in the run already. What waits in its inbox is counted here.
    package let waiting: (count: Int, bytes: Int)

    package typealias Row = SendToRun.Row

    package init(runID: RunID, request: InboxRequest, bytes: Int, waiting: (count: Int, bytes: Int)) {
        self.runID = runID
        self.request = request
        self.bytes = bytes
        self.waiting = waiting
    }

    // The payload is the greater part of what stands in the inbox; its name and key are weighed with it.
    package static let sql = """
        WITH unread AS MATERIALIZED (
            SELECT COALESCE(bool_or(payload->>'key' = $2::json->>'key'), false) AS is_known, count(*) AS signals,
                COALESCE(sum(octet_length(payload::text)), 0) AS bytes
            FROM run_inbox WHERE run_id = $1 AND kind = 'signal'
        ), free AS MATERIALIZED (
            SELECT run_id FROM outbox WHERE run_id = $1 FOR UPDATE SKIP LOCKED
        ), room AS MATERIALIZED (
            SELECT is_known, is_known OR (signals < $4 AND bytes + $5 <= $6) AS has_room FROM unread
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + CASE WHEN is_known THEN 0 ELSE 1 END,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            FROM room WHERE run_id = $1 AND has_room AND EXISTS (SELECT FROM free) RETURNING run_id, is_known
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT run_id, 'signal', $2, $3 FROM woken WHERE NOT is_known
        )
        SELECT CASE WHEN NOT EXISTS (SELECT FROM free) THEN 'locked' WHEN has_room THEN 'asked' ELSE 'full' END
        FROM outbox, room WHERE run_id = $1
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
        parameters.int64(Int64(max(0, KeptSignal.mostWaiting - waiting.count)))
        parameters.int64(Int64(bytes))
        parameters.int64(Int64(max(0, KeptSignal.maxWaitingBytes - waiting.bytes)))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        switch try row.text() {
        case "asked": .asked
        case "full": .full
        default: .locked
        }
    }
}
