package import Core
package import Postgres

/// A run with its payloads as they are stored.
package struct ShownRun: Sendable {
    package private(set) var head: RunHead
    /// Whole, what a participant answered included.
    package let error: StoredText
    package let input: StoredText
    package let context: StoredText
    package let output: StoredText
    /// Of the trace in which it was started; nil where there was none.
    package let traceparent: String?

    /// All payloads together, in bytes.
    package var size: Int { error.size + input.size + context.size + output.size }

    init(_ row: inout RowReader) throws(PostgresError) {
        head = try RunHead(&row)
        let error = try StoredText(&row)
        if case .large(let size, _) = error.form, let short = head.error {
            self.error = .large(size, short: short.json.bytes)
        } else {
            self.error = error
        }
        input = try StoredText(&row)
        context = try StoredText(&row)
        output = try StoredText(&row)
        traceparent = try row.textOrNil()
    }

    /// It stands as this run does, whose journal was read along.
    mutating func follow(_ run: Run) { head = head.following(run) }

    /// The runs that it does anew, and that does it anew, with ids of steps.
    package private(set) var restartedFrom: (run: RunID, fromStep: String?)?
    package private(set) var restartedAs: RunID?
    /// The runs that make the calls after its ends, oldest first.
    package private(set) var endCalls: [RunID] = []

    mutating func link(_ followed: FollowedRun) {
        restartedFrom = followed.marks.restartedFrom.map { link in
            (link.run, link.fromStep.flatMap { followed.steps.indices.contains($0) ? followed.steps[$0].stepID : nil })
        }
        restartedAs = followed.marks.restartedAs?.run
        endCalls = followed.marks.endCalls
    }

    static let payloads = ["r.error", "r.input", "r.context", "r.output"]

    static func columns(when condition: String) -> String {
        "\(RunHead.columns), " + payloads.map { PayloadSQL.text($0, when: condition) }.joined(separator: ", ")
            + ", r.traceparent"
    }
}

/// A step with its payloads as they are stored.
package struct ShownStep: Sendable {
    package let index: Int
    package let stepID: String
    package let status: String
    package let attempts: Int
    package let compensationStatus: String
    package let compensationAttempts: Int
    package let output: StoredText
    package let error: StoredText
    package let startedAt: Instant?
    package let completedAt: Instant?
    package let nextAttemptAt: Instant?
    /// The engine that made its last attempt, of either action; nil before the first.
    package let engineID: EngineID?
    /// The run it has started; nil for none.
    package let child: ChildRun?
    /// The participant has accepted the attempt that is open, and works on it.
    package let isAccepted: Bool
    /// An attempt of the action ended without a usable answer, and none has succeeded since: the effect may exist.
    package let isOutcomeUnknown: Bool
    /// The same of what undoes it.
    package let isCompensationOutcomeUnknown: Bool
    /// Another run did it, and its effect is this run's now.
    package let isKept: Bool
    /// It has failed past the pivot, and a person has to say what becomes of it.
    package let awaitsPerson: Bool
}

/// One run with the snapshot of its steps; payloads that are more than 256 KiB together are only counted, and so are outputs to
/// which the snapshot refers.
package struct FindShownRun: Statement {
    package let runID: RunID

    /// A run, its steps as of their snapshot, and outputs that are not held there, by the numbers of their events.
    package typealias Row = (run: ShownRun, snapshot: SnapshotRow, outputs: [Int: StoredText])

    package static let sql = """
        SELECT \(ShownRun.columns(when: "\(PayloadSQL.sizes(ShownRun.payloads)) <= \(PayloadSQL.shownBytes)")),
            \(SnapshotSQL.heads), r.snapshot_seq, r.snapshot_at, r.due, referred.seqs, referred.sizes, referred.outputs
        FROM workflow_runs r LEFT JOIN LATERAL (
            SELECT array_agg(o.seq ORDER BY o.seq) AS seqs, array_agg(o.bytes ORDER BY o.seq) AS sizes,
                array_agg(CASE WHEN o.total <= \(PayloadSQL.shownBytes) THEN o.output END ORDER BY o.seq) AS outputs
            FROM (
                SELECT *, sum(bytes) OVER () AS total FROM (
                    SELECT seq, event AS output, \(PayloadSQL.size("event")) AS bytes
                    FROM (\(EventSQL.referred(by: "r", "e.event->'data'->'output'"))) one
                ) sized
            ) o
        ) referred ON r.snapshot_refs IS NOT NULL
        WHERE r.run_id = $1
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let (run, snapshot) = (try ShownRun(&row), try SnapshotRow(&row))
        let (numbers, sizes) = (try row.int32ArrayOrNil() ?? [], try row.int32ArrayOrNil() ?? [])
        let outputs = try row.jsonOrNilArrayOrNil() ?? []
        var texts: [Int: StoredText] = [:]
        for (place, number) in numbers.enumerated() {
            texts[Int(number)] = outputs[place].map { .here($0) } ?? .large(Int(sizes[place]))
        }
        return (run, snapshot, texts)
    }
}

/// SQL for snapshots.
enum SnapshotSQL {
    /// The steps in the snapshot of a run, `r`.
    static let steps = "CASE json_typeof(r.snapshot) WHEN 'object' THEN r.snapshot->'steps' ELSE r.snapshot END"

    /// What else there is to be known of it (`RunMarks`), by name.
    private static let marks = [
        "parent", "startAt", "pause", "deadlineHeld", "missedDeadline", "accepted", "lists", "restartedFrom",
        "restartedAs", "kept", "endCalls",
    ]

    /// The snapshot of a run, `r`; where it is large its errors are shortened, and their sizes told in
    /// `errorBytes`, and signals have no payloads.
    static let heads = """
        CASE WHEN octet_length(r.snapshot::text) <= \(PayloadSQL.shownBytes) THEN r.snapshot
            WHEN json_typeof(r.snapshot) = 'object' THEN json_build_object('steps', \(shortened),
                \(marks.map { "'\($0)', r.snapshot->'\($0)'" }.joined(separator: ", ")), 'signals', \(signals), 'callbacks', \(callbacks))
            ELSE \(shortened) END
        """

    /// The signals that wait, without what they say.
    private static let signals = """
        (
            SELECT json_agg(json_build_object('seq', s.signal->'seq', 'name', s.signal->'name', 'bytes', s.signal->'bytes')
                ORDER BY s.ord)
            FROM json_array_elements(r.snapshot->'signals') WITH ORDINALITY AS s (signal, ord)
        )
        """

    /// The callbacks that are kept, without what they say.
    private static let callbacks = """
        (
            SELECT json_agg(json_build_object('step', c.callback->'step', 'action', c.callback->'action',
                'outcome', c.callback->'outcome', 'digest', c.callback->'digest') ORDER BY c.ord)
            FROM json_array_elements(r.snapshot->'callbacks') WITH ORDINALITY AS c (callback, ord)
        )
        """

    private static let shortened = """
        (
            SELECT json_agg(CASE WHEN octet_length((s.step->'error')::text) <= \(JSON.compactFrom) THEN s.step
                ELSE json_strip_nulls(json_build_object('id', s.step->'id', 'status', s.step->'status',
                    'attempts', s.step->'attempts', 'ambiguous', s.step->'ambiguous',
                    'undoneAtOnce', s.step->'undoneAtOnce', 'awaitsPerson', s.step->'awaitsPerson',
                    'accepted', s.step->'accepted', 'kept', s.step->'kept',
                    'compensation', s.step->'compensation', 'compensationAttempts', s.step->'compensationAttempts',
                    'compensationAmbiguous', s.step->'compensationAmbiguous', 'output', s.step->'output',
                    'outputSeq', s.step->'outputSeq', 'error', \(ErrorText.short("s.step->'error'", before: false)),
                    'errorBytes', \(PayloadSQL.size("(s.step->'error')")),
                    'startedAt', s.step->'startedAt', 'startedIn', s.step->'startedIn',
                    'completedAt', s.step->'completedAt', 'completedIn', s.step->'completedIn',
                    'nextAttemptAt', s.step->'nextAttemptAt', 'nextAttemptIn', s.step->'nextAttemptIn',
                    'attemptSeq', s.step->'attemptSeq', 'child', s.step->'child')) END ORDER BY s.ord)
            FROM json_array_elements(\(steps)) WITH ORDINALITY AS s (step, ord)
        )
        """
}

/// Which payload of a run.
package enum RunPayload: Sendable, Hashable {
    case input, context, output, error
    /// Of the step at that place in the definition.
    case stepOutput(Int)
    case stepError(Int)
}

/// One payload of a run; null when there is none (any more).
package struct FindPayload: Statement {
    package let runID: RunID
    package let payload: RunPayload

    package typealias Row = [UInt8]?

    package static let sql = """
        SELECT CASE $2 WHEN 'input' THEN r.input WHEN 'context' THEN r.context WHEN 'output' THEN r.output ELSE r.error END
        FROM workflow_runs r WHERE r.run_id = $1 AND $3::int2 IS NULL
        UNION ALL
        SELECT CASE $2
            WHEN 'error' THEN COALESCE(later.event->'error', (\(SnapshotSQL.steps))->$3::int4->'error')
            ELSE COALESCE(later.event->'data'->'output', referred.output, (\(SnapshotSQL.steps))->$3::int4->'output') END
        FROM workflow_runs r LEFT JOIN LATERAL (
            SELECT e.event
            FROM run_journal j CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, ord)
            CROSS JOIN LATERAL json_to_record(e.event) AS x (kind text, step int4, action text)
            -- An attempt that does not say so is one of `execute`.
            WHERE j.run_id = $1 AND j.seq > r.snapshot_seq AND x.step = $3
                AND CASE $2 WHEN 'error' THEN x.kind IN ('attempt_failed', 'step_failed', 'child_cancel_requested', 'child_ended', 'child_undo_failed')
                        AND e.event->'error' IS NOT NULL
                    ELSE (x.kind IN ('attempt_succeeded', 'step_succeeded', 'step_settled', 'step_kept')
                        OR (x.kind = 'child_ended' AND e.event->'data'->'output' IS NOT NULL)) AND COALESCE(x.action, 'execute') = 'execute' END
            ORDER BY j.seq DESC, e.ord DESC LIMIT 1
        ) later ON true LEFT JOIN LATERAL (
            SELECT j.events->(((\(SnapshotSQL.steps))->$3::int4->>'outputSeq')::int4 - j.seq)->'data'->'output' AS output
            FROM run_journal j WHERE j.run_id = $1 AND j.seq <= ((\(SnapshotSQL.steps))->$3::int4->>'outputSeq')::int4
            ORDER BY j.seq DESC LIMIT 1
        ) referred ON true
        WHERE r.run_id = $1 AND $3::int2 IS NOT NULL
        """

    package func bind(_ parameters: inout Parameters) {
        let (name, step): (String, Int16?) =
            switch payload {
            case .input: ("input", nil)
            case .context: ("context", nil)
            case .output: ("output", nil)
            case .error: ("error", nil)
            case .stepOutput(let index): ("output", Int16(index))
            case .stepError(let index): ("error", Int16(index))
            }
        parameters.uuid(runID.uuid)
        parameters.text(name)
        parameters.int16(step)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [UInt8]? { try row.jsonOrNil() }
}

/// Runs with their payloads, in the order asked for: as many as have `maxBytes` together, and the one that goes beyond.
///
/// One run after the other, so that nobody's server reads hundreds of megabytes to show one of them.
package struct FindRunsWithPayloads: Statement {
    package let runIDs: [RunID]
    package let maxBytes: Int

    package typealias Row = ShownRun

    package static let sql = """
        WITH RECURSIVE page (place, bytes) AS (
            SELECT 0, 0::int8
            UNION ALL
            SELECT page.place + 1, page.bytes + COALESCE((
                SELECT \(PayloadSQL.sizes(ShownRun.payloads)) FROM workflow_runs r
                WHERE r.run_id = ($1::uuid[])[page.place + 1]
            ), 0)
            FROM page WHERE page.place < cardinality($1::uuid[]) AND page.bytes < $2
        )
        SELECT \(ShownRun.columns(when: "true"))
        FROM page JOIN workflow_runs r ON r.run_id = ($1::uuid[])[page.place] AND r.run_id = ANY ($1::uuid[])
        ORDER BY page.place
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuidArray(runIDs.map(\.uuid))
        parameters.int64(Int64(maxBytes))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ShownRun { try ShownRun(&row) }
}

extension StoredText {
    /// The next two columns: its size and, unless it is large, itself.
    init(_ row: inout RowReader) throws(PostgresError) {
        let size = try row.int32OrNil()
        let text = try row.jsonOrNil()
        if let text {
            self = .here(text)
        } else if let size {
            self = .large(Int(size))
        } else {
            self = .absent
        }
    }
}

/// SQL for payloads and their sizes.
enum PayloadSQL {
    /// Bytes of payloads that are shown at once.
    static let shownBytes = 256 * 1024

    /// Bytes of a json column; null when it is.
    static func size(_ column: String) -> String { "octet_length(\(column)::text)" }

    /// Bytes of several columns together.
    static func sizes(_ columns: [String]) -> String {
        columns.map { "COALESCE(\(size($0)), 0)" }.joined(separator: " + ")
    }

    /// The two columns of a `StoredText`.
    static func text(_ column: String, when condition: String) -> String {
        "\(size(column)), CASE WHEN \(condition) THEN \(column) END"
    }
}
