import Postgres

/// A statement's parameters as text: Postgres itself writes down what it was sent.
///
/// So the floor's script follows the statements: whatever they bind, it binds.
struct Literals<Subject: Statement>: Statement {
    let subject: Subject

    struct Row: Sendable {
        /// Nil is NULL.
        let values: [String?]
        let types: [String]
    }

    static var sql: String {
        let parameters = 1...parameterCount
        let values = parameters.map { "$\($0)::text" }.joined(separator: ", ")
        let types = parameters.map { "pg_typeof($\($0))::text" }.joined(separator: ", ")
        return "SELECT ARRAY[\(values)], ARRAY[\(types)]"
    }

    /// The highest `$n` in the text.
    private static var parameterCount: Int {
        let pieces = Subject.sql.split(separator: "$", omittingEmptySubsequences: false).dropFirst()
        return pieces.compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 1
    }

    func bind(_ parameters: inout Parameters) { subject.bind(&parameters) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(values: try row.textOrNilArray(), types: try row.textArray())
    }
}
