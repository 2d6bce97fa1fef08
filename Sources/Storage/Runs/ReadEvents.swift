package import Core
package import Postgres

/// The history of one run, row by row of its journal, oldest first.
package struct FindEvents: Statement {
    package let runID: RunID

    /// The events of one commit.
    package typealias Row = [StoredEvent]

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = """
        SELECT j.seq, j.at, j.epoch, j.engine_id, j.events, \(EventSQL.output)
        FROM run_journal j WHERE j.run_id = $1 ORDER BY j.seq
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [StoredEvent] {
        let journal = JournalRow(
            sequence: Int(try row.int32()), at: try row.instant(), epoch: try row.int64(),
            engineID: try row.engineIDOrNil(), events: try row.jsonValue().array ?? [])
        return journal.stored(output: try row.jsonValueOrNil())
    }
}

/// Rows of a run's journal without their payloads: when they were written and by whom, and, of those that the snapshot has not
/// seen, what happened.
package struct FindJournalHeads: Statement {
    package let runID: RunID

    package typealias Row = JournalHead

    package static let sql = """
        SELECT j.seq, j.at, j.engine_id, CASE WHEN j.seq > r.snapshot_seq THEN \(EventSQL.heads("j.events")) END
        FROM run_journal j JOIN workflow_runs r ON r.run_id = $1 WHERE j.run_id = $1 ORDER BY j.seq
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> JournalHead {
        JournalHead(
            sequence: Int(try row.int32()), at: try row.instant(), engineID: try row.engineIDOrNil(),
            later: try row.jsonOrNil())
    }
}

/// A row of a run's journal without large payloads.
package struct JournalHead: Sendable {
    /// The number of its first event.
    package let sequence: Int
    package let at: Instant
    package let engineID: EngineID?
    /// Its events; nil of what the run's snapshot has seen. In the place of a large output stands its size.
    package let later: [UInt8]?
}

/// SQL for events in the journal.
enum EventSQL {
    /// The output of the run of a row `j` of its journal, where that row may be the one of its completion; else null. It is the
    /// last one, or the one before where the run was done anew, unless it was undone, or was to be, after that.
    static let output = """
        (SELECT r.output FROM workflow_runs r WHERE r.run_id = j.run_id
            AND (r.snapshot_seq <= j.seq + j.event_count OR (r.cause IS NOT NULL AND r.output IS NOT NULL)))
        """

    /// Events to which the snapshot of a run refers, as a query with the columns `seq` and `event`. Each row of the journal is
    /// taken apart once, however many of its events are wanted: it may be long.
    ///
    /// - Parameters:
    ///   - run: the alias of the run.
    ///   - value: of the event, `e.event`.
    static func referred(by run: String, _ value: String) -> String {
        """
        SELECT (j.seq + e.ord - 1)::int4 AS seq, \(value) AS event
        FROM (
            SELECT DISTINCT h.seq FROM unnest(\(run).snapshot_refs) AS u (seq) CROSS JOIN LATERAL (
                SELECT seq FROM run_journal WHERE run_id = \(run).run_id AND seq <= u.seq ORDER BY seq DESC LIMIT 1
            ) h
        ) s JOIN run_journal j ON j.run_id = \(run).run_id AND j.seq = s.seq
        CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, ord)
        WHERE j.seq + e.ord - 1 = ANY (\(run).snapshot_refs)
        """
    }

    /// Events without what is large in them: of an output its size, `{"data": {"outputBytes": …}}`, and of an error what is shown
    /// in lists, with its size in `errorBytes`.
    static func heads(_ events: String) -> String {
        """
        CASE WHEN octet_length(\(events)::text) <= \(JSON.compactFrom) THEN \(events) ELSE (
            SELECT json_agg(CASE WHEN octet_length(e.event::text) <= \(JSON.compactFrom) THEN e.event ELSE (
                SELECT \(head("x", """
                    , 'error', CASE WHEN octet_length(x.error::text) <= \(maxError) THEN x.error
                        ELSE \(ErrorText.short("x.error", before: false)) END,
                    'errorBytes', CASE WHEN octet_length(x.error::text) > \(maxError) THEN octet_length(x.error::text) END,
                    'data', CASE WHEN o.output IS NULL THEN x.data
                        ELSE json_build_object('outputBytes', octet_length(o.output::text), 'as', x.data->'as',
                            'by', x.data->'by', 'reason', x.data->'reason', 'name', x.data->'name', 'key', x.data->'key',
                            'digest', x.data->'digest', 'outcome', x.data->'outcome',
                            'runId', x.data->'runId', 'status', x.data->'status', 'pastPivot', x.data->'pastPivot') END
                    """))
                FROM json_to_record(e.event) AS x (\(members))
                CROSS JOIN LATERAL (SELECT x.data->'output' AS output) o
            ) END ORDER BY e.ord)
            FROM json_array_elements(\(events)) WITH ORDINALITY AS e (event, ord)
        ) END
        """
    }

    /// Bytes of an error that is read whole.
    private static let maxError = 16_384

    /// What an event is taken apart into, in one go.
    static let members = """
        kind text, step int4, "stepId" text, action text, attempt int4, outcome text, "httpStatus" int4, "durationUs" int8,
        "retryInUs" int8, error json, data json
        """

    /// An event that was taken apart, without error and data.
    ///
    /// - Parameter others: more members, each after a comma.
    static func head(_ event: String, _ others: String = "") -> String {
        """
        json_strip_nulls(json_build_object('kind', \(event).kind, 'step', \(event).step, 'stepId', \(event)."stepId",
            'action', \(event).action, 'attempt', \(event).attempt, 'outcome', \(event).outcome,
            'httpStatus', \(event)."httpStatus", 'durationUs', \(event)."durationUs", 'retryInUs', \(event)."retryInUs"\(others)))
        """
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
    /// See `PayloadView`.
    let error: [UInt8]?
    let data: [UInt8]?
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
/// One row after the other: what is beyond the bound is not even looked at.
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

    // The first row is the one that the first wanted event is in, or would be. Of a long event the payload is given as its
    // text, so that nobody has to take it apart.
    package static let sql = """
        WITH RECURSIVE page (seq, count, bytes) AS (
            (SELECT j.seq, greatest(0, j.seq + j.event_count - 1 - $2::int4),
                CASE WHEN j.seq + j.event_count - 1 > $2 THEN octet_length(j.events::text) ELSE 0 END::int8
            FROM run_journal j WHERE j.run_id = $1 AND j.seq <= $2::int8 + 1 ORDER BY j.seq DESC LIMIT 1)
            UNION ALL
            SELECT next.seq, page.count + next.event_count, page.bytes + next.bytes
            FROM page CROSS JOIN LATERAL (
                SELECT j.seq, j.event_count, octet_length(j.events::text) AS bytes FROM run_journal j
                WHERE j.run_id = $1 AND j.seq > page.seq ORDER BY j.seq LIMIT 1
            ) next
            WHERE page.count < $3 AND page.bytes < $4
        ), newest AS (
            SELECT seq + event_count - 1 AS seq FROM run_journal WHERE run_id = $1 ORDER BY run_journal.seq DESC LIMIT 1
        ), one AS (
            SELECT j.seq + e.ord - 1 AS seq, j.at, j.engine_id, j.epoch, e.event, octet_length(e.event::text) AS bytes
            FROM page JOIN run_journal j ON j.run_id = $1 AND j.seq = page.seq
            CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, ord)
            WHERE j.seq + e.ord - 1 > $2
        )
        SELECT o.seq::int4, o.at, o.engine_id, o.epoch, newest.seq,
            CASE WHEN o.bytes <= \(JSON.compactFrom) THEN o.event ELSE \(EventSQL.head("x")) END, x.error, x.data,
            CASE WHEN o.seq = newest.seq THEN (
                SELECT r.output FROM workflow_runs r WHERE r.run_id = $1
            ) END
        FROM (
            SELECT *, row_number() OVER (ORDER BY seq) AS place, sum(bytes) OVER (ORDER BY seq) - bytes AS before FROM one
        ) o CROSS JOIN newest
        LEFT JOIN LATERAL json_to_record(o.event) AS x (\(EventSQL.members)) ON o.bytes > \(JSON.compactFrom)
        WHERE o.place <= $3 AND o.before < $4 ORDER BY o.seq
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.int32(Int32(clamping: after))
        parameters.int64(Int64(limit))
        parameters.int64(Int64(maxBytes))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ShownEvent {
        let (sequence, at, engineID) = (Int(try row.int32()), try row.instant(), try row.engineIDOrNil())
        let (epoch, newest) = (try row.int64(), Int(try row.int32()))
        let event = try row.jsonValue()
        let (error, data, output) = (try row.jsonOrNil(), try row.jsonOrNil(), try row.jsonOrNil())
        let names = EventNames(event)
        let isCompletion = names.kind == RunEventKind.runCompleted.rawValue
        return ShownEvent(
            sequence: sequence, at: at, kind: names.kind, stepID: event["stepId"]?.string, action: names.action,
            attempt: names.attempt, outcome: names.outcome, httpStatus: event["httpStatus"]?.int,
            duration: event["durationUs"]?.int.map { .microseconds($0) },
            retryIn: event["retryInUs"]?.int.map { .microseconds($0) }, error: error ?? event["error"]?.bytes,
            data: isCompletion
                ? Array("{\"output\":".utf8) + (output ?? Array("null".utf8)) + Array("}".utf8)
                : data ?? event["data"]?.bytes,
            engineID: engineID, epoch: epoch, newest: newest)
    }
}
