import Core
import Glibc
import NIOCore
import Postgres
import Storage

extension Connection {
    /// Asks every so often until this session reads that the run is COMPLETED; when that was.
    ///
    /// All of it on the session's own thread, prepared: who looks on must not take the cores from what is looked at.
    ///
    /// - Throws: `stalled` when it is not by `giveUpAt`.
    func watch(_ run: RunID, until giveUpAt: NIODeadline, every microseconds: UInt32 = 500) throws
        -> NIODeadline
    {
        while try execute(FindRunStatus(run)) != [RunStatus.completed.rawValue] {
            guard NIODeadline.now() < giveUpAt else { throw BenchError.stalled("run \(run) was not over in time") }
            usleep(microseconds)
        }
        return .now()
    }
}
