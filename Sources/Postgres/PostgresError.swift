/// Everything that can go wrong between us and the database.
///
/// The question that matters after a failed write is `mayHaveCommitted`: if false, nothing of it is in the database.
/// No case carries the password, nor values of rows except `ServerError.detail`, which `description` leaves out.
package enum PostgresError: Error, Hashable, Sendable {
    /// The connection string or an option is unusable; trying again is pointless.
    case configuration(String)
    /// No session could be opened.
    case connectionFailed(String)
    /// The session broke: closed by the server, by the network, by us, or no answer came in time.
    case connectionLost(String, mayHaveCommitted: Bool)
    /// The server refused a statement; its transaction, or the statement if it stood alone, is rolled back.
    case server(ServerError)
    /// A row or value is not of the shape the statement's decoder expects. The statement itself took effect.
    case decoding(String)
    /// No connection became free within the checkout's deadline.
    case poolExhausted
    /// The pool is closed.
    case poolClosed
    /// The waiting task was cancelled before it got a connection.
    case cancelled
}

extension PostgresError {
    /// Whether the failed statement or transaction may be in the database all the same.
    ///
    /// True when the connection broke after a commit was sent and before its answer, and for rows that could not be
    /// decoded after the fact.
    package var mayHaveCommitted: Bool {
        switch self {
        case .connectionLost(_, let mayHaveCommitted): mayHaveCommitted
        case .decoding: true
        case .configuration, .connectionFailed, .server, .poolExhausted, .poolClosed, .cancelled: false
        }
    }

    /// Whether the same thing may well succeed later, unchanged.
    package var isTransient: Bool {
        switch self {
        case .connectionFailed, .connectionLost, .poolExhausted: true
        case .server(let error): error.isTransient
        case .configuration, .decoding, .poolClosed, .cancelled: false
        }
    }

    /// A table is not there: the database has never been migrated.
    package var isSchemaMissing: Bool { state == .undefinedTable }

    /// The SQLSTATE, if the server gave one.
    package var state: SQLState? {
        if case .server(let error) = self { error.state } else { nil }
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let message): "database configuration: \(message)"
        case .connectionFailed(let message): "cannot connect to the database: \(message)"
        case .connectionLost(let message, mayHaveCommitted: true):
            "database connection lost, outcome unknown: \(message)"
        case .connectionLost(let message, mayHaveCommitted: false):
            "database connection lost, nothing committed: \(message)"
        case .server(let error): "\(error.statement): \(error.message) (SQLSTATE \(error.state))"
        case .decoding(let message): "unexpected row: \(message)"
        case .poolExhausted: "no database connection became free in time"
        case .poolClosed: "the database pool is closed"
        case .cancelled: "cancelled while waiting for a database connection"
        }
    }
}

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
