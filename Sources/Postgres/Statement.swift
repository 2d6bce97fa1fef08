/// A SQL statement as a type: its text, its parameters and the shape of its rows.
///
/// The type's identity is the key of the per-connection cache of prepared statements, so `sql` must be the same text
/// for every value of one type, and `bind` must append the same parameter types in the same order every time.
package protocol Statement: Sendable {
    /// One decoded row. `Never` for statements that return none.
    associatedtype Row: Sendable

    /// The text, with parameters `$1`…`$n`. Exactly one command.
    static var sql: String { get }

    /// Appends the parameters in the order `$1`…`$n`. Runs on the connection's thread, once per execution.
    func bind(_ parameters: inout Parameters)

    /// Reads one row, column by column from the left. Throws `PostgresError.decoding`.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row
}

extension Statement {
    /// Statements without parameters need no `bind`.
    package func bind(_ parameters: inout Parameters) {}
}

extension Statement where Row == Never {
    /// Statements without rows need no decoder; a row all the same is an error.
    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Never {
        throw .decoding("\(Self.self) declares no rows and returned one")
    }
}

/// Is told how long a statement took, from its first byte out to its last row in, and whether it failed.
///
/// `statement` is the name of the `Statement`'s type, or `transaction` for a pipeline. Called on the connection's thread:
/// it must be quick.
package typealias StatementObserver = @Sendable (_ statement: String, _ duration: Duration, _ hasFailed: Bool) -> Void
