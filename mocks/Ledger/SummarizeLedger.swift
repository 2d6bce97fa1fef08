internal import Core
internal import Postgres

/// What the ledger comes to, step by step.
struct SummarizeLedger: Statement {
    /// Steps of this run only; nil for all.
    let run: String?

    static let sql = """
        SELECT run_id, step_id, sum(effect), count(*) FILTER (WHERE effect = 1), count(*) FILTER (WHERE effect = -1)
        FROM ledger
        WHERE $1 IS NULL OR run_id = $1
        GROUP BY run_id, step_id
        ORDER BY min(entry_id)
        """

    func bind(_ parameters: inout Parameters) { parameters.text(run) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> JSON {
        [
            "runId": JSON(try row.text()), "stepId": JSON(try row.text()), "net": JSON(Int(try row.int64())),
            "effects": JSON(Int(try row.int64())), "undos": JSON(Int(try row.int64())),
        ]
    }
}
