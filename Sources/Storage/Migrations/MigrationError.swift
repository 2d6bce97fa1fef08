package import Postgres

/// Why the schema was not changed, or not all the way. What was applied before the error stays applied.
package enum MigrationError: Error, Sendable, CustomStringConvertible {
    /// No directory of migrations was found or it can't be read.
    case directory(String)
    /// The files are not numbered 1, 2, 3… in pairs, or one has a name that says nothing.
    case files(String)
    /// The text of an applied migration was changed.
    case edited(String)
    /// The database has a migration this release does not know.
    case unknownVersion(String)
    /// The database has a migration but not one that comes before it.
    case gap(applied: Int, missing: Int)
    /// There is no file with this number.
    case noSuchVersion(Int)
    /// A file contains COMMIT or ROLLBACK: parts of it may be in effect, it is not recorded.
    case endsTransaction(String)
    /// Another runner held the lock until the deadline.
    case busy
    /// The database could not be reached or refused; nothing of `file` is in effect.
    case database(PostgresError, file: String?)

    package var description: String {
        switch self {
        case .directory(let message), .files(let message): message
        case .edited(let name):
            "\(name).up.sql was changed after it was applied; restore it and put the change into a new migration"
        case .unknownVersion(let name):
            "the database has migration \(name), which this release does not know; use the release that applied it"
        case .gap(let applied, let missing):
            "the database has migration \(applied) but not \(missing); repair schema_migrations by hand"
        case .noSuchVersion(let version): "there is no migration \(version)"
        case .endsTransaction(let file):
            "\(file) contains COMMIT or ROLLBACK, so parts of it may be in effect; a migration runs in one transaction"
        case .busy: "another migration is running on this database and did not end in time"
        case .database(let error, let file?): "\(file): \(error)"
        case .database(let error, nil): "\(error)"
        }
    }
}
