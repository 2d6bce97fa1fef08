package import Core

/// One numbered change of the schema: a pair of files `NNN_title.up.sql` and `NNN_title.down.sql`.
package struct Migration: Sendable, Hashable {
    /// 1 for the first, without gaps.
    package let version: Int
    /// What the file's name says about it.
    package let title: String
    /// SQL that makes the change. Must not contain BEGIN or COMMIT: it runs inside a transaction.
    package let up: String
    /// SQL that takes it back.
    package let down: String

    package init(version: Int, title: String, up: String, down: String) {
        self.version = version
        self.title = title
        self.up = up
        self.down = down
    }

    /// `NNN_title`.
    package var name: String { MigrationStatus.name(version, title) }
    var upName: String { name + ".up.sql" }
    var downName: String { name + ".down.sql" }
}

/// Where one migration stands in one database.
package struct MigrationStatus: Sendable, Hashable {
    /// What is known about it.
    package enum State: Sendable, Hashable {
        /// Not applied yet; of a repeatable one also: not since it was changed, or since a numbered one was applied or
        /// reverted.
        case pending
        /// Applied, and the file is still the same.
        case applied(at: Instant)
        /// A numbered one, applied, but the file was changed since: refused by `up` and `down`.
        case edited(at: Instant)
        /// Applied by another release: there is no file for it here. A numbered one is refused by `up` and `down`, a
        /// repeatable one is left alone.
        case unknown(at: Instant)

        /// One word for people and programs.
        package var word: String {
            switch self {
            case .pending: "pending"
            case .applied: "applied"
            case .edited: "edited"
            case .unknown: "unknown"
            }
        }

        /// When it was applied; nil while it is not.
        package var appliedAt: Instant? {
            switch self {
            case .pending: nil
            case .applied(let at), .edited(let at), .unknown(let at): at
            }
        }
    }

    /// Nil for a repeatable one.
    package let version: Int?
    package let title: String
    package let state: State

    init(_ version: Int?, _ title: String, _ state: State) {
        self.version = version
        self.title = title
        self.state = state
    }

    /// `NNN_title` or `repeatable/NN_title`.
    package var name: String { version.map { Self.name($0, title) } ?? RepeatableMigration.name(title) }

    static func name(_ version: Int, _ title: String) -> String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "_" + title
    }
}
