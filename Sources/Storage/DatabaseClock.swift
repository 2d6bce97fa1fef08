package import Core
package import Logging
package import Postgres
import Synchronization
package import Telemetry

/// The database's time, as far as this process can tell, and how far the machine's clock is off.
///
/// Postgres's clock is the only one by which runs are dated: their ids begin with it, and what is due and what is old is judged
/// by it. Between two looks this process's monotonic clock goes on from the last one, so a step of the machine's clock changes
/// nothing.
package final class DatabaseClock: Sendable {
    /// A machine's clock that is off by more is warned about.
    package static let tolerance: Duration = .seconds(5)
    /// Whether a machine's clock may be off by so much.
    package static func isTolerable(_ offset: Duration) -> Bool {
        offset <= tolerance && offset >= .zero - tolerance
    }
    /// A look that took longer says less than the one before.
    private static let slowest: Duration = .seconds(1)
    /// Warnings are at least so far apart.
    private static let silence: Duration = .seconds(60)

    private struct State: Sendable {
        /// The database's time at `seenAt`.
        var seen: Instant
        var seenAt: ContinuousClock.Instant
        var offset: Duration
        var warnedAt: ContinuousClock.Instant?
    }

    private let state = Mutex<State?>(nil)
    private let logger: Logger

    package init(logger: Logger) { self.logger = logger }

    /// The database's time; nil as long as it was never seen.
    package var now: Instant? {
        state.withLock { state in state.map { $0.seen + (ContinuousClock.now - $0.seenAt) } }
    }

    /// How far the database's clock is ahead of the machine's when it was seen last; negative: behind. Nil as long as it never was.
    package var offset: Duration? { state.withLock { $0?.offset } }

    /// The same in milliseconds; null for nil.
    package var offsetMilliseconds: JSON { offset.map { JSON(Int($0.microseconds / 1000)) } ?? .null }

    /// Takes in the database's time, which came in the answer to a statement sent at `asked`, just now.
    ///
    /// - Parameter machine: what the machine's clock shows; nil to look.
    package func saw(_ time: Instant, asked: ContinuousClock.Instant, machine: Instant? = nil) {
        let now = ContinuousClock.now
        let half = (now - asked) / 2
        let offset = time - ((machine ?? Instant.machineTime) - half)
        let warns = state.withLock { state in
            if state != nil, now - asked > Self.slowest { return false }
            var next = State(seen: time, seenAt: now - half, offset: offset, warnedAt: state?.warnedAt)
            defer { state = next }
            guard !Self.isTolerable(offset) else { return false }
            if let warnedAt = next.warnedAt, now - warnedAt < Self.silence { return false }
            next.warnedAt = now
            return true
        }
        guard warns else { return }
        logger.warning(
            "this machine's clock is not the database's: what is dated by it (logs, spans, certificates) is wrong",
            metadata: ["databaseIsAheadByMs": "\(offset.microseconds / 1000)"])
    }

    /// Asks for the database's time.
    package func look(through pool: Pool) async throws(PostgresError) {
        // With a connection in hand, so that waiting for one is not taken for the way of the answer.
        let (time, asked) = try await pool.withConnection { connection throws(PostgresError) in
            // The first time it is prepared, too; the second one is a single round trip.
            if self.now == nil { _ = try await connection.execute(ReadClock()) }
            let asked = ContinuousClock.now
            guard let time = try await connection.execute(ReadClock()).first else { throw .decoding("no clock") }
            return (time, asked)
        }
        saw(time, asked: asked)
    }
}

/// What time it is.
package struct ReadClock: Statement {
    /// The database's clock.
    package typealias Row = Instant

    package init() {}

    package static let sql = "SELECT clock_timestamp()"

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Instant { try row.instant() }
}

extension DatabaseClock {
    /// Registers what it knows of the machine's clock.
    package func register(in registry: MetricsRegistry) {
        registry.read(
            "clock_offset_seconds",
            "How far the database's clock is ahead of this machine's, in seconds; negative when it is behind.", .gauge
        ) { [self] in offset.map { [.init($0 / .seconds(1))] } ?? [] }
    }
}
