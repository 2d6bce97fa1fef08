/// All migrations of a release.
package struct MigrationFiles: Sendable, Hashable {
    /// Applied once each, in order: what changes tables.
    package let numbered: [Migration]
    /// Applied after them, in order, and again when they change: functions and views.
    package let repeatable: [RepeatableMigration]

    package init(numbered: [Migration], repeatable: [RepeatableMigration] = []) {
        self.numbered = numbered
        self.repeatable = repeatable
    }
}

/// What can be made anew at any time, a file `repeatable/NN_title.sql`: a fix to a function is a change of its file and
/// not a migration that repeats it whole.
package struct RepeatableMigration: Sendable, Hashable {
    /// The folder within that of the numbered ones.
    static let folder = "repeatable"

    /// `NN_title`, by which it is remembered.
    package let title: String
    /// SQL that has the same effect the second time, on top of what any earlier text of the file has made. Must not contain
    /// BEGIN or COMMIT: it runs inside a transaction.
    package let sql: String

    package init(title: String, sql: String) {
        self.title = title
        self.sql = sql
    }

    /// `repeatable/NN_title`.
    package var name: String { Self.name(title) }
    var fileName: String { name + ".sql" }

    static func name(_ title: String) -> String { "\(folder)/\(title)" }
}
