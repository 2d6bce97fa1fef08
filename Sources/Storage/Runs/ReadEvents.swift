package import Core
package import Postgres

/// The history of one run from a sequence number on, oldest first.
package struct FindEvents: Statement {
    package let runID: RunID
    /// The last one already known; 0 for all.
    package let after: Int
    package let limit: Int

    package typealias Row = StoredEvent

    package init(_ runID: RunID, after: Int = 0, limit: Int = 10_000) {
        self.runID = runID
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT seq, at, kind, step_index, step_id, action, attempt, outcome, http_status, duration_us, retry_in_us,
            error, data, engine_id, epoch, trace_id
        FROM run_events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.int32(Int32(clamping: after))
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredEvent {
        let (sequence, at, kind) = (try row.int32(), try row.instant(), try row.text())
        let (stepIndex, stepID, action) = (try row.int16OrNil(), try row.textOrNil(), try row.textOrNil())
        let (attempt, outcome) = (try row.int16OrNil(), try row.textOrNil())
        let columns = EventRow(
            kind: RunEventKind(rawValue: kind), stepIndex: stepIndex.map { Int($0) }, stepID: stepID,
            action: action.flatMap { CallAction(rawValue: $0) }, attempt: attempt.map { Int($0) },
            outcome: outcome.flatMap { Outcome(rawValue: $0) },
            httpStatus: try row.int16OrNil().map { Int($0) },
            duration: try row.int64OrNil().map { .microseconds($0) },
            retryIn: try row.int64OrNil().map { .microseconds($0) }, error: try row.jsonValueOrNil(),
            data: try row.jsonValueOrNil())
        return StoredEvent(
            sequence: Int(sequence), at: at, kind: kind, action: action, outcome: outcome, row: columns,
            engineID: try row.engineIDOrNil(),
            epoch: try row.int64(), traceID: try row.textOrNil())
    }
}

/// An event as it is shown: names as they are stored, those of a later version included, and JSON as its text.
package struct ShownEvent: Sendable {
    package let sequence: Int
    package let at: Instant
    package let kind: String
    package let stepID: String?
    package let action: String?
    package let attempt: Int?
    package let outcome: String?
    package let httpStatus: Int?
    package let duration: Duration?
    package let retryIn: Duration?
    package let error: [UInt8]?
    package let data: [UInt8]?
    /// The engine that wrote it; nil for the API.
    package let engineID: EngineID?
    package let epoch: Int64
    /// The run's last event when this one was read.
    package let newest: Int

    /// The run was over after it.
    package var isEnd: Bool { RunEventKind(rawValue: kind)?.isTerminal ?? false }
}

/// The history of one run from a sequence number on, oldest first: as many events as have `maxBytes` together, and the one
/// that goes beyond.
///
/// One event after the other: what is beyond the bound is not even looked at.
package struct FindEventPage: Statement {
    package let runID: RunID
    /// The last one already known; 0 for all.
    package let after: Int
    package let limit: Int
    package let maxBytes: Int

    package typealias Row = ShownEvent

    package init(_ runID: RunID, after: Int, limit: Int, maxBytes: Int) {
        self.runID = runID
        self.after = after
        self.limit = limit
        self.maxBytes = maxBytes
    }

    package static let sql = """
        WITH RECURSIVE page (seq, count, bytes) AS (
            SELECT $2::int4, 0, 0::int8
            UNION ALL
            SELECT next.seq, page.count + 1, page.bytes + next.bytes
            FROM page CROSS JOIN LATERAL (
                SELECT e.seq, \(PayloadSQL.sizes(["e.error", "e.data"])) AS bytes FROM run_events e
                WHERE e.run_id = $1 AND e.seq > page.seq ORDER BY e.seq LIMIT 1
            ) next
            WHERE page.count < $3 AND page.bytes < $4
        )
        SELECT e.seq, e.at, e.kind, e.step_id, e.action, e.attempt, e.outcome, e.http_status, e.duration_us,
            e.retry_in_us, e.error, e.data, e.engine_id, e.epoch,
            (SELECT max(seq) FROM run_events WHERE run_id = $1)
        FROM page JOIN run_events e ON e.run_id = $1 AND e.seq = page.seq
        WHERE page.count > 0 ORDER BY e.seq
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.int32(Int32(clamping: after))
        parameters.int64(Int64(limit))
        parameters.int64(Int64(maxBytes))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ShownEvent {
        ShownEvent(
            sequence: Int(try row.int32()), at: try row.instant(), kind: try row.text(),
            stepID: try row.textOrNil(), action: try row.textOrNil(), attempt: try row.int16OrNil().map { Int($0) },
            outcome: try row.textOrNil(), httpStatus: try row.int16OrNil().map { Int($0) },
            duration: try row.int64OrNil().map { .microseconds($0) },
            retryIn: try row.int64OrNil().map { .microseconds($0) }, error: try row.jsonOrNil(),
            data: try row.jsonOrNil(), engineID: try row.engineIDOrNil(), epoch: try row.int64(),
            newest: Int(try row.int32()))
    }
}
