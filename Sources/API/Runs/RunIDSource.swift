import Core
import Postgres
import Storage
import Synchronization

/// Ids for new runs, by the database's clock: they sort by time, and no two processes make the same.
final class RunIDSource: Sendable {
    private struct State: Sendable {
        var generator = RunIDGenerator()
        var last: UInt64 = 0
    }

    /// Ids wait for a clock that went back by less: they only grow. By more it was wrong before.
    private static let patience: UInt64 = 60_000

    private let state = Mutex(State())
    private let clock: DatabaseClock
    private let firstLook: SharedLook<PostgresError?>

    /// - Parameter pool: for the first look at the database's clock, if nobody has had one by the first start.
    init(clock: DatabaseClock, pool: Pool) {
        self.clock = clock
        firstLook = SharedLook {
            do throws(PostgresError) {
                try await clock.look(through: pool)
                return nil
            } catch { return error }
        }
    }

    /// The next id, and the database's time.
    func next() async throws(StoreError) -> (id: RunID, now: Instant) {
        if let now = clock.now { return (id(at: now), now) }
        let outcome = await firstLook.value(within: .seconds(5))
        guard let now = clock.now else {
            throw .unavailable((outcome ?? nil) ?? .connectionFailed("the database's clock did not answer"))
        }
        return (id(at: now), now)
    }

    private func id(at now: Instant) -> RunID {
        let milliseconds = UInt64(max(0, now.microseconds) / 1000)
        var random = SystemRandomNumberGenerator()
        return state.withLock { state in
            if state.last > milliseconds + Self.patience { state.generator = RunIDGenerator() }
            let id = state.generator.next(milliseconds: milliseconds, using: &random)
            state.last = id.milliseconds
            return id
        }
    }
}
