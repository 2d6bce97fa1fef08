package import Postgres

/// The same as `ClaimRuns`, for when it could not get a lock: runs of which somebody has a row locked are left where they are.
///
/// Every run and step of the claim is locked beforehand, which costs too much to be done always.
package struct ClaimUnlocked: Statement {
    private let claim: ClaimRuns

    package typealias Row = ClaimRuns.Row

    package init(_ claim: ClaimRuns) { self.claim = claim }

    static let runs = "JOIN workflow_runs r ON r.run_id = due.run_id"

    package static let sql = ClaimRuns.sql.replacing(
        runs,
        with: """
            JOIN LATERAL (
                SELECT * FROM workflow_runs WHERE run_id = due.run_id FOR NO KEY UPDATE SKIP LOCKED
            ) r ON true
            JOIN LATERAL (
                SELECT count(*) AS count FROM (
                    SELECT FROM run_steps WHERE run_id = due.run_id FOR NO KEY UPDATE SKIP LOCKED) s
            ) free_steps ON free_steps.count = (SELECT count(*) FROM run_steps WHERE run_id = due.run_id)
            """)

    package func bind(_ parameters: inout Parameters) { claim.bind(&parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ClaimedRun {
        try ClaimRuns.decode(&row)
    }
}
