// Core's ports on Postgres: every statement (Statements/), the rows they read and write (Rows/), the group committer that
// batches starts and commits (Batching/), and what the API reads (Read/). Knows no HTTP.

package import Postgres

/// What can go wrong when sagaflow's own rows are read or written.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database can't be reached or does not answer; nothing was written, or nobody can know. Try again.
    case unavailable(PostgresError)
    /// Too much is waiting to be written already; nothing was accepted. Try again later.
    case overloaded
    /// Postgres refused the data itself, whatever is tried.
    case refused(PostgresError)
    /// The process is about to end.
    case shuttingDown

    package var description: String {
        switch self {
        case .unavailable(let error) where error.isSchemaMissing:
            "the database has no sagaflow schema, or an older one: saga migrate up makes it"
        case .unavailable(let error): "the database is unavailable: \(error)"
        case .overloaded: "too many writes are waiting"
        case .refused(let error): "the database refused the data: \(error)"
        case .shuttingDown: "the process is shutting down"
        }
    }

    /// Somebody else holds a lock on a row that was needed.
    package var isLockTimeout: Bool {
        if case .unavailable(let error) = self { error.state == .lockNotAvailable } else { false }
    }

    /// Somebody else holds a lock on a row of one run, or on its key; it was left out of its batch.
    static let rowLocked = StoreError.unavailable(rowLock)
    private static let rowLock = PostgresError.server(
        ServerError(
            state: .lockNotAvailable, message: "somebody has a row of this run locked", statement: "batch"))

    /// The same of the row of another run that is to be told something: nothing was written.
    static let othersLocked = StoreError.unavailable(othersLock)
    private static let othersLock = PostgresError.server(
        ServerError(
            state: .lockNotAvailable, message: "somebody has a row locked of a run that is told something",
            statement: "batch"))

    /// Whether it is `rowLocked` or `othersLocked`.
    var isRowLocked: Bool {
        if case .unavailable(let error) = self { error == Self.rowLock || error == Self.othersLock } else { false }
    }

    /// Whether it is `othersLocked`.
    var areOthersLocked: Bool {
        if case .unavailable(let error) = self { error == Self.othersLock } else { false }
    }

    /// Sorts a driver's error into what callers can do about it.
    package init(_ error: PostgresError) {
        switch error {
        case .server(let server): self = server.isDataError ? .refused(error) : .unavailable(error)
        // The statement took effect; what it answered can't be read.
        case .decoding: self = .unavailable(error)
        case .configuration, .connectionFailed, .connectionLost, .poolExhausted, .poolClosed, .cancelled:
            self = .unavailable(error)
        }
    }
}
