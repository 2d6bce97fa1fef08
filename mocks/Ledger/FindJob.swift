internal import Postgres

/// Whether a charge that was accepted has come to its end; no row for one that there is not.
struct FindJob: Statement {
    let paymentID: String

    static let sql = """
        SELECT clock_timestamp() >= created_at + interval '\(CallbackSender.work.milliseconds) ms' FROM payments
        WHERE payment_id = $1
        """

    func bind(_ parameters: inout Parameters) { parameters.text(paymentID) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
