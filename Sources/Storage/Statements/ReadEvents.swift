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
