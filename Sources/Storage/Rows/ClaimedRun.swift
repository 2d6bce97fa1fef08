package import Core
package import Postgres

/// A claimed run as the database tells it: its lease, and its state before the attempts that the claim itself began.
package struct ClaimedRun: Sendable {
    package let lease: Lease
    /// Inbox rows that wait to be consumed.
    package let inboxCount: Int
    /// The former holder did not give the lease back.
    package let isTakeover: Bool
    /// The last event before the claim.
    package let lastSequence: Int
    /// Takeovers in a row that found nothing done since the claim before.
    package let failures: Int
    /// The claim has begun the due steps.
    package let beganDueSteps: Bool
    package let workflowName: String
    package let workflowVersion: String
    package let status: String
    package let cause: String?
    package let error: [UInt8]?
    package private(set) var input: [UInt8]
    package private(set) var context: [UInt8]
    package let correlationID: String?
    package let traceparent: String?
    package let createdAt: Instant
    package let updatedAt: Instant
    /// Since when it was due.
    package let availableAt: Instant
    /// The database's clock at the claim.
    package let now: Instant
    /// Bytes of memory that its payloads take, about; 0 when they are few.
    package let weight: Int
    /// Whose the definition is that it was started with.
    package let definitionOwner: Owner
    /// Nil for whoever has read them.
    package private(set) var steps: StoredSteps?

    /// What tells where the steps of a run stand: its snapshot, and what came after it.
    package struct StoredSteps: Sendable {
        package let snapshot: SnapshotRow
        /// Events that hold outputs to which the snapshot refers: their numbers, and they.
        package let references: [(sequence: Int, event: [UInt8])]
        /// What came after the snapshot and before the claim, oldest first.
        package let later: [(at: Instant, events: [UInt8])]
    }

    /// The definition it was started with.
    package var definitionID: DefinitionID {
        DefinitionID(owner: definitionOwner, name: workflowName, version: workflowVersion)
    }

    /// The same without its payloads, for whoever has read them.
    package var withoutPayloads: ClaimedRun {
        var copy = self
        (copy.input, copy.context, copy.steps) = ([], [], nil)
        return copy
    }
}

extension ClaimRuns {
    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ClaimedRun {
        ClaimedRun(
            lease: Lease(runID: try row.runID(), epoch: try row.int64()), inboxCount: Int(try row.int32()),
            isTakeover: try row.bool(), lastSequence: Int(try row.int32()), failures: Int(try row.int32()),
            beganDueSteps: try row.bool(), workflowName: try row.text(), workflowVersion: try row.text(),
            status: try row.text(), cause: try row.textOrNil(), error: try row.jsonOrNil(), input: try row.json(),
            context: try row.json(), correlationID: try row.textOrNil(), traceparent: try row.textOrNil(),
            createdAt: try row.instant(), updatedAt: try row.instant(), availableAt: try row.instant(),
            now: try row.instant(), weight: Int(try row.int32()), definitionOwner: try row.definitionOwner(),
            steps: try ClaimedRun.StoredSteps(&row))
    }
}

extension ClaimedRun.StoredSteps {
    /// The next columns: the snapshot, what it refers to, and what came after it.
    fileprivate init(_ row: inout RowReader) throws(PostgresError) {
        snapshot = try SnapshotRow(&row)
        let (numbers, events) = (try row.int32ArrayOrNil() ?? [], try row.jsonOrNilArrayOrNil() ?? [])
        references = zip(numbers, events).map { (Int($0), $1 ?? []) }
        let (times, rows) = (try row.timestampArrayOrNil() ?? [], try row.jsonOrNilArrayOrNil() ?? [])
        later = zip(times, rows).map { (Instant(microseconds: $0), $1 ?? []) }
    }
}
