import Core
import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Keeps this engine's row in `engines`: for people who look at the cluster, never for deciding who owns what.
struct Heartbeat: Service {
    let pool: Pool
    let engine: RunID
    let host: String
    let table: RunTable
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await beat() } while await pause(for: .seconds(5))
        }
        await forget()
    }

    private func beat() async {
        do {
            _ = try await pool.execute(BeatEngine(engine: engine, host: host, inFlight: table.count))
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
