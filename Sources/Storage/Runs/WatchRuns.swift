package import Core
package import Postgres

/// How far a run is.
package struct RunSight: Sendable, Hashable {
    package let runID: RunID
    /// Nil for a status this version does not know.
    package let status: RunStatus?
    /// Its last event.
    package let sequence: Int

    package init(runID: RunID, status: RunStatus?, sequence: Int) {
        self.runID = runID
        self.status = status
        self.sequence = sequence
    }

    package var isOver: Bool { status?.isTerminal ?? false }
}

/// How far runs are; those that there are not are left out.
package struct WatchRuns: Statement {
    /// Each once.
    package let runIDs: [RunID]

    package typealias Row = RunSight

    package init(runIDs: [RunID]) { self.runIDs = runIDs }

    package static let sql = """
        SELECT r.run_id, \(RunStatusSQL.shown), (
            SELECT j.seq + j.event_count - 1 FROM run_journal j WHERE j.run_id = r.run_id ORDER BY j.seq DESC LIMIT 1
        )
        FROM workflow_runs r WHERE r.run_id = ANY ($1::uuid[])
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuidArray(runIDs.map(\.uuid)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunSight {
        RunSight(
            runID: try row.runID(), status: RunStatus(rawValue: try row.text()),
            sequence: Int(try row.int32OrNil() ?? 0))
    }
}
