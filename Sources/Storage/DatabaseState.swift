/// Whether there is a database to work with.
package enum DatabaseState: Sendable, Hashable {
    /// It answers and has been migrated.
    case ready
    /// It answers, and has no tables of ours.
    case noSchema
    /// It did not answer in time.
    case noAnswer
}
