internal import Core
internal import Postgres

/// Adds one entry without effect, in a transaction of its own: that a call came which is not handled at once, or never.
struct RecordEntry: Statement {
    typealias Row = Never

    let call: Call
    /// As it came, JSON or not.
    let body: [UInt8]
    let kind: String
    let status: Int?

    static let sql = """
        INSERT INTO ledger (run_id, step_id, action, attempt, path, body_hash, kind, status)
        VALUES ($1, $2, $3, $4, $5, sha256($6), $7, $8)
        """

    func bind(_ parameters: inout Parameters) {
        parameters.text(call.run)
        parameters.text(call.step)
        parameters.text(call.action.rawValue)
        parameters.int32(call.attempt)
        parameters.text(call.path)
        parameters.bytes(body)
        parameters.text(kind)
        parameters.int32(status.map { Int32($0) })
    }
}
