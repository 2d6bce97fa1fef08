import Core
import Driver
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// The other engines that live, as far as this one knows: how many share the database with it.
final class Others: Sendable {
    private let known = Atomic<Int>(0)

    /// Since the last heartbeat.
    var count: Int {
        get { known.load(ordering: .relaxed) }
        set { known.store(newValue, ordering: .relaxed) }
    }
}

/// Keeps this engine's row in `engines`, and counts those of others: for people who look at the cluster, and for how large
/// batches should be. Never for deciding who owns what.
struct Heartbeat: Service {
    let pool: Pool
    let engine: EngineID
    let host: String
    let table: RunTable
    let others: Others
    let clock: DatabaseClock
    /// What the engine tells about itself, an object; asked for each time.
    let report: @Sendable () -> JSON
    let logger: Logger

    static let interval = Duration.seconds(2)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await beat() } while await pause(for: Self.interval)
        }
        await forget()
    }

    private func beat() async {
        do {
            let beat = BeatEngine(engine: engine, host: host, inFlight: table.count, report: report())
            let (row, asked) = try await pool.withConnection { connection throws(PostgresError) in
                let asked = ContinuousClock.now
                return (try await connection.execute(beat).first, asked)
            }
            guard let row else { return }
            others.count = row.others
            clock.saw(row.now, asked: asked)
        } catch {
            logger.info("no heartbeat", metadata: ["error": "\(error)"])
        }
    }

    private func forget() async {
        do { _ = try await pool.execute(ForgetEngine(engine: engine)) } catch {
            logger.info("the engine's row stays behind", metadata: ["error": "\(error)"])
        }
    }
}
