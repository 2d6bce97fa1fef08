/// What the server said when it refused a statement.
package struct ServerError: Hashable, Sendable {
    /// Why.
    package var state: SQLState
    /// The primary message, one line.
    package var message: String
    /// The detail line. May quote values of rows: not for logs.
    package var detail: String?
    /// The constraint that was violated, if one was.
    package var constraint: String?
    /// The name of the statement's type, or the verb of a plain query.
    package var statement: String

    /// An error as reported by the server.
    package init(
        state: SQLState, message: String, detail: String? = nil, constraint: String? = nil, statement: String
    ) {
        self.state = state
        self.message = message
        self.detail = detail
        self.constraint = constraint
        self.statement = statement
    }
}
