internal import Core
internal import Postgres

/// A page of the ledger, oldest first.
struct ReadLedger: Statement {
    /// Entries of this run only; nil for all.
    let run: String?
    /// Entries with a greater id.
    let after: Int64
    let limit: Int

    static let sql = """
        SELECT entry_id, recorded_at, run_id, step_id, action, attempt, path, encode(body_hash, 'hex'), kind, status,
            effect
        FROM ledger
        WHERE entry_id > $2 AND ($1 IS NULL OR run_id = $1)
        ORDER BY entry_id
        LIMIT $3
        """

    func bind(_ parameters: inout Parameters) {
        parameters.text(run)
        parameters.int64(after)
        parameters.int64(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> LedgerEntry {
        let id = try row.int64()
        let at = Instant(microseconds: try row.timestamp())
        let (run, step, action) = (try row.text(), try row.text(), try row.text())
        return LedgerEntry(
            id: id, at: at, run: run, step: step, action: action, attempt: Int(try row.int32()),
            path: try row.text(), bodyHash: try row.text(), kind: try row.text(),
            status: try row.int32OrNil().map { Int($0) }, effect: Int(try row.int32()))
    }
}

/// One line of the ledger; see `BarrierSchema` for what the columns mean.
struct LedgerEntry: Sendable {
    let id: Int64
    let at: Instant
    let run: String
    let step: String
    let action: String
    let attempt: Int
    let path: String
    let bodyHash: String
    let kind: String
    let status: Int?
    let effect: Int

    var json: JSON {
        [
            "id": JSON(Int(id)), "at": JSON(at.description), "runId": JSON(run), "stepId": JSON(step),
            "action": JSON(action), "attempt": JSON(attempt), "path": JSON(path),
            "idempotencyKey": "\(run):\(step):\(action)", "bodyHash": JSON(bodyHash), "kind": JSON(kind),
            "status": status.map { JSON($0) } ?? .null, "effect": JSON(effect),
        ]
    }
}
