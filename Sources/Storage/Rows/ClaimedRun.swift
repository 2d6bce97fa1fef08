package import Core
package import Postgres

/// A claimed run as the database tells it: its lease, and its state before the steps the claim itself began.
package struct ClaimedRun: Sendable {
    package let lease: Lease
    /// Inbox rows that wait to be consumed.
    package let inboxCount: Int
    /// The former holder did not give the lease back.
    package let isTakeover: Bool
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
    /// Nil for a run that was never claimed before: its steps follow from its definition.
    package private(set) var steps: StepColumns?

    /// The rows of `run_steps`, column by column, in the order of the definition.
    package struct StepColumns: Sendable {
        package let status: [String]
        package let attempts: [Int16]
        package let isAmbiguous: [Bool]
        package let compensationStatus: [String]
        package let compensationAttempts: [Int16]
        package let isCompensationAmbiguous: [Bool]
        package let output: [[UInt8]?]
        package let error: [[UInt8]?]
        package let startedAt: [Int64?]
        package let completedAt: [Int64?]
        package let nextAttemptAt: [Int64?]
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
            now: try row.instant(), weight: Int(try row.int32()),
            steps: try decodeSteps(&row))
    }

    private static func decodeSteps(_ row: inout RowReader) throws(PostgresError) -> ClaimedRun.StepColumns? {
        guard let status = try row.textArrayOrNil() else { return nil }
        return ClaimedRun.StepColumns(
            status: status, attempts: try row.int16Array(), isAmbiguous: try row.boolArray(),
            compensationStatus: try row.textArray(), compensationAttempts: try row.int16Array(),
            isCompensationAmbiguous: try row.boolArray(), output: try row.jsonOrNilArray(),
            error: try row.jsonOrNilArray(), startedAt: try row.timestampOrNilArray(),
            completedAt: try row.timestampOrNilArray(), nextAttemptAt: try row.timestampOrNilArray())
    }
}
