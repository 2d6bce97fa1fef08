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
    /// What goes into the audit; nil for nothing.
    package let action: AuditAction?
    package let origin: CallOrigin

    package typealias Row = SendToRun.Row

    package init(
        runID: RunID, request: InboxRequest, bytes: Int, waiting: (count: Int, bytes: Int), action: AuditAction? = nil,
        origin: CallOrigin = .unknown
    ) {
        self.action = action
        self.origin = origin
        self.runID = runID
        self.request = request
        self.bytes = bytes
        self.waiting = waiting
    }

    // The payload is the greater part of what stands in the inbox; its name and key are weighed with it.
    package static let sql = SendOnce.sql(
        "signal",
        unread: """
            SELECT COALESCE(bool_or(payload->>'key' = $2::json->>'key'), false) AS is_known,
                count(*) < $4 AND COALESCE(sum(octet_length(payload::text)), 0) + $5 <= $6 AS is_free
            FROM run_inbox WHERE run_id = $1 AND kind = 'signal'
            """,
        audit: AuditSQL.insert(
            tenant: AuditSQL.tenant(ofRun: "woken.run_id"), by: "$3", origin: "$8", action: "$7::text",
            subject: "'runs/' || woken.run_id", detail: "$9::json",
            from: "woken WHERE NOT is_known AND $7::text IS NOT NULL"))

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
        parameters.int64(Int64(max(0, KeptSignal.mostWaiting - waiting.count)))
        parameters.int64(Int64(bytes))
        parameters.int64(Int64(max(0, KeptSignal.maxWaitingBytes - waiting.bytes)))
        parameters.text(action?.rawValue)
        parameters.origin(origin)
        parameters.json((action == nil ? JSON.null : request.auditDetail).bytes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        try SendOnce.decode(&row)
    }
}

/// SQL of what is sent to a live run once, as long as it waits there.
enum SendOnce {
    /// $1 is the run, $2 the payload, $3 who sends it.
    ///
    /// - Parameters:
    ///   - kind: `run_inbox.kind`.
    ///   - unread: of what waits, whether it `is_known`, and otherwise whether there `is_free` room for it.
    ///   - audit: writes the audit's row of what `woken` has newly been sent; nil for none.
    static func sql(_ kind: String, unread: String, audit: String? = nil) -> String {
        """
        WITH unread AS MATERIALIZED (\(unread)), free AS MATERIALIZED (
            SELECT run_id FROM outbox WHERE run_id = $1 FOR UPDATE SKIP LOCKED
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + CASE WHEN is_known THEN 0 ELSE 1 END,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            FROM unread WHERE run_id = $1 AND (is_known OR is_free) AND EXISTS (SELECT FROM free)
            RETURNING run_id, is_known
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT run_id, '\(kind)', $2, $3 FROM woken WHERE NOT is_known
        )\(audit.map { ", audit AS (\n\($0)\n)" } ?? "")
        SELECT CASE WHEN NOT EXISTS (SELECT FROM free) THEN 'locked' WHEN is_known OR is_free THEN 'asked' ELSE 'full' END
        FROM outbox, unread WHERE run_id = $1
        """
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendToRun.Row {
        switch try row.text() {
        case "asked": .asked
        case "full": .full
        default: .locked
        }
    }
}

/// Tells a live run the end of an attempt, unless another end of it waits there.
package struct SendCallback: Statement {
    package let runID: RunID
    package let request: InboxRequest

    package typealias Row = SendToRun.Row

    package init(runID: RunID, request: InboxRequest) {
        self.runID = runID
        self.request = request
    }

    package static let sql = SendOnce.sql(
        "callback",
        unread: """
            SELECT COALESCE(bool_or(payload->>'digest' = $2::json->>'digest'), false) AS is_known, count(*) = 0 AS is_free
            FROM run_inbox WHERE run_id = $1 AND kind = 'callback' AND payload->>'stepId' = $2::json->>'stepId'
                AND payload->>'action' = $2::json->>'action'
            """)

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row { try SendOnce.decode(&row) }
}
