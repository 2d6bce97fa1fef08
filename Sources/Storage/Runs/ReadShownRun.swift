package import Core
package import Postgres

/// A run with its payloads as they are stored.
package struct ShownRun: Sendable {
    package let head: RunHead
    /// Whole, what a participant answered included.
    package let error: StoredText
    package let input: StoredText
    package let context: StoredText
    package let output: StoredText

    /// All payloads together, in bytes.
    package var size: Int { error.size + input.size + context.size + output.size }

    init(_ row: inout RowReader) throws(PostgresError) {
        head = try RunHead(&row)
        error = try StoredText(&row)
        input = try StoredText(&row)
        context = try StoredText(&row)
        output = try StoredText(&row)
    }

    static let payloads = ["r.error", "r.input", "r.context", "r.output"]

    static func columns(when condition: String) -> String {
        "\(RunHead.columns), " + payloads.map { PayloadSQL.text($0, when: condition) }.joined(separator: ", ")
    }
}

/// A row of `run_steps` with its payloads as they are stored.
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
}

/// One run; payloads that are more than 256 KiB together are only counted.
package struct FindShownRun: Statement {
    package let runID: RunID

    package typealias Row = ShownRun

    package static let sql = """
        SELECT \(ShownRun.columns(when: "\(PayloadSQL.sizes(ShownRun.payloads)) <= \(256 * 1024)"))
        FROM workflow_runs r WHERE r.run_id = $1
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ShownRun { try ShownRun(&row) }
}

/// The steps of one run, in the order of its definition; payloads that are more than 256 KiB together are only counted,
/// except for small ones.
package struct FindShownSteps: Statement {
    package let runID: RunID

    package typealias Row = ShownStep

    private static let isShown = """
        octet_length(s.payload::text) <= 1024 OR s.bytes <= \(256 * 1024)
        """

    package static let sql = """
        SELECT s.step_index, s.step_id, s.status, s.attempts, s.compensation_status, s.compensation_attempts,
            \(PayloadSQL.text("s.output", when: isShown.replacing("payload", with: "output"))),
            \(PayloadSQL.text("s.error", when: isShown.replacing("payload", with: "error"))),
            s.started_at, s.completed_at, s.next_attempt_at, last.engine_id
        FROM (
            SELECT r.*, sum(\(PayloadSQL.sizes(["r.output", "r.error"]))) OVER () AS bytes
            FROM run_steps r WHERE r.run_id = $1
        ) s
        LEFT JOIN (
            SELECT DISTINCT ON (step_index) step_index, engine_id FROM run_events
            WHERE run_id = $1 AND kind = 'attempt_started' ORDER BY step_index, seq DESC
        ) last USING (step_index)
        ORDER BY s.step_index
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ShownStep {
        ShownStep(
            index: Int(try row.int16()), stepID: try row.text(), status: try row.text(),
            attempts: Int(try row.int16()), compensationStatus: try row.text(),
            compensationAttempts: Int(try row.int16()), output: try StoredText(&row), error: try StoredText(&row),
            startedAt: try row.instantOrNil(), completedAt: try row.instantOrNil(),
            nextAttemptAt: try row.instantOrNil(), engineID: try row.engineIDOrNil())
    }
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
        SELECT CASE $2 WHEN 'output' THEN s.output ELSE s.error END
        FROM run_steps s WHERE s.run_id = $1 AND s.step_index = $3
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

/// A json column of a run or a step, as its text: nobody who only shows it needs to take it apart.
package enum StoredText: Sendable, Hashable {
    case absent
    case here([UInt8])
    /// So many bytes, which are read when their turn comes: see `RunReader.payload`.
    case large(Int)

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

    /// Its bytes, wherever they are.
    package var size: Int {
        switch self {
        case .absent: 0
        case .here(let bytes): bytes.count
        case .large(let size): size
        }
    }
}

/// SQL for payloads and their sizes.
enum PayloadSQL {
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
