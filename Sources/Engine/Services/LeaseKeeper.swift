import Core
import Driver
import Logging
import ServiceLifecycle
import Storage

/// Renews the leases of all held runs, at a third of their length, and rings the drivers whose runs have mail.
struct LeaseKeeper: Service {
    let table: RunTable
    let leases: LeaseStore
    let lease: Duration
    let logger: Logger

    /// Leases in one statement.
    private static let maxBatch = 500

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while await pause(for: lease / 3) { await renewAll() }
        }
    }

    private func renewAll() async {
        var rest = table.leases[...]
        while !rest.isEmpty {
            await renew(Array(rest.prefix(Self.maxBatch)))
            rest = rest.dropFirst(Self.maxBatch)
        }
    }

    private func renew(_ batch: [Lease]) async {
        let asked = ContinuousClock.now
        do {
            let renewal = try await leases.renew(batch)
            let known = renewal.locked.isEmpty ? batch : batch.filter { !renewal.locked.contains($0.runID) }
            let (lost, inboxes) = table.renewed(known, held: renewal.held, until: asked + lease)
            // Runs that ended meanwhile are among them; a driver that finds its lease lost says so and counts it.
            if lost > 0 { logger.debug("leases were not renewed", metadata: ["count": .stringConvertible(lost)]) }
            if let locked = renewal.locked.first {
                // They are still held, and nobody else can claim them while that lasts.
                logger.warning(
                    "leases can't be renewed now: somebody has their outbox rows locked",
                    metadata: ["count": .stringConvertible(renewal.locked.count), "run": "\(locked)"])
            }
            for inbox in inboxes { inbox.post(.inboxFilled) }
        } catch {
            logger.warning("leases can't be renewed now", metadata: ["error": "\(error)"])
        }
    }
}
