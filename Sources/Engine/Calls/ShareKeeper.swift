import Core
import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Takes this engine's shares of limits that hold over all engines, again and again while it calls participants that have some.
///
/// The database is asked about twice a second, and soon when calls begin to wait. An engine that calls no such participant
/// asks nothing. While the database is away the shares hold for `CallLimiter.patience`, and then calls
/// wait: what they came to could not be written anyway, and others may have the shares by then.
struct ShareKeeper: Service {
    let pool: Pool
    let engine: EngineID
    let limiter: CallLimiter
    /// Rings when calls begin to wait, or limits have changed.
    let bell: WakeUp
    let logger: Logger

    /// The shares are not taken more often.
    private static let spacing = Duration.milliseconds(250)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var held: Set<ParticipantID> = []
            while !Task.isCancelled {
                await bell.wait(atMost: interval)
                if Task.isCancelled || limiter.isIdle && held.isEmpty { continue }
                await take(&held)
                guard await pause(for: Self.spacing) else { break }
            }
        }
        do { _ = try await pool.execute(DeleteCallShares(engine: engine)) } catch {
            logger.info("the engine's shares of limits stay behind", metadata: ["error": "\(error)"])
        }
    }

    private var interval: Duration { limiter.isIdle ? .seconds(60) : .milliseconds(500) }

    /// - Parameter held: the participants of whose limits this engine may have taken something.
    private func take(_ held: inout Set<ParticipantID>) async {
        do {
            _ = limiter.forgetIdle()
            let (demands, asked) = (limiter.demands(), ContinuousClock.now)
            let unwanted = held.subtracting(demands.map(\.participant))
            if !unwanted.isEmpty {
                _ = try await pool.execute(DeleteCallShares(engine: engine, of: unwanted.sorted()))
                held.subtract(unwanted)
            }
            if demands.isEmpty { return }
            // Before it is known whether it was written.
            held.formUnion(demands.map(\.participant))
            let grants = try await pool.withConnection { connection throws(PostgresError) in
                try await connection.takeCallShares(demands, of: engine) { [limiter] in limiter.lower($0) }
            }
            limiter.accept(grants, until: asked + CallLimiter.patience)
        } catch {
            logger.info("no shares of limits could be taken", metadata: ["error": "\(error)"])
        }
    }
}
