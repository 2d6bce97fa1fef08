internal import Core
internal import Postgres

/// Calls the procedure `handle` of `BarrierSchema`: barrier, effect and ledger of one call in one round trip.
struct HandleCall: Statement {
    /// What became of the call.
    struct Row: Sendable {
        /// A kind of ledger entry.
        let kind: String
        let status: Int
        /// The body of a good answer; nil for refusals and faults.
        let answer: [UInt8]?
        /// A sentence for refusals and faults.
        let detail: String?
    }

    let call: Call
    /// JSON text; nil when there was no body.
    let body: [UInt8]?
    /// Whether the ledger already knows that the call came.
    let isRecorded: Bool
    let refusal: Refusal?
    let fault: Fault?

    static let sql = "CALL handle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, NULL, NULL)"

    func bind(_ parameters: inout Parameters) {
        parameters.text(call.run)
        parameters.text(call.step)
        parameters.text(call.action.rawValue)
        parameters.int32(call.attempt)
        parameters.text(call.path)
        parameters.json(body)
        parameters.bool(isRecorded)
        parameters.int32(refusal.map { Int32($0.status) })
        parameters.text(refusal?.detail)
        parameters.int32(fault.map { Int32($0.status) })
        parameters.int32(fault?.times.map { Int32(clamping: $0) })
        parameters.bool(fault?.isAfter ?? false)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            kind: try row.text(), status: Int(try row.int32()), answer: try row.jsonOrNil(),
            detail: try row.textOrNil())
    }
}
