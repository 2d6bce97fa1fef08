import Core
import Glibc
import NIOCore
import Postgres
import Storage

/// What another session reads of a run.
private struct ReadStatus: Statement {
    let run: RunID

    static let sql = "SELECT status FROM workflow_runs WHERE run_id = $1"

    func bind(_ parameters: inout Parameters) { parameters.uuid(run.uuid) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

extension Connection {
    /// Asks every half millisecond until this session reads that the run is COMPLETED; when that was.
    ///
    /// All of it on the session's own thread, prepared: who looks on must not take the cores from what is looked at.
    ///
    /// - Throws: `stalled` when it is not by `giveUpAt`.
    func watch(_ run: RunID, until giveUpAt: NIODeadline) throws -> NIODeadline {
        while try execute(ReadStatus(run: run)) != [RunStatus.completed.rawValue] {
            guard NIODeadline.now() < giveUpAt else { throw BenchError.stalled("run \(run) was not over in time") }
            usleep(500)
        }
        return .now()
    }
}
