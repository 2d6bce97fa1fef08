import Core
import Driver
import Logging
import Storage
import Synchronization

/// When an engine looks for suspects (see `Suspicion`), and how long it waits for what.
struct Probing {
    /// All engines together look about once in this time. One that starts looks at once: whoever was lost to a run and is
    /// started again holds nothing yet.
    static let interval = Duration.seconds(1)
    /// How long an engine claims nothing, so that the runs it holds end and it can hold the suspect alone.
    static let patience = Duration.seconds(5)
    /// When that was not enough: calls may take an hour, and others are not to be kept for that.
    static let pause = Duration.seconds(30)
    /// How long the suspect is held alone once it has been read: to decide, to render its calls and to send them takes
    /// milliseconds. Whoever waits for an answer longer than this is not suspected for that.
    static let window = Duration.seconds(2)

    private var next = ContinuousClock.now

    func isDue(at now: ContinuousClock.Instant) -> Bool { now >= next }

    /// Others have their time before the next probe: as long as this one took.
    mutating func wait(_ duration: Duration) { next = .now + duration }
}

/// Whether a run has been read, which takes the longer the larger it is.
final class Opened: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}

extension Claimer {
    /// Claims a suspect if one is due, and holds it alone until it is out of this engine's hands, or has been held for long
    /// enough. If the engine is lost meanwhile, that counts against the run.
    func probe(_ probing: inout Probing, _ workers: inout DiscardingTaskGroup) async {
        let began = ContinuousClock.now
        do {
            guard try await context.leases.isSuspectDue() else {
                return probing.wait(Probing.interval * Double(others.count + 1) * Double.random(in: 0.5..<1.5))
            }
            guard await holdsNothing(within: Probing.patience) else {
                context.logger.notice("a suspect waits: other runs are in flight", metadata: held)
                return probing.wait(Probing.pause)
            }
            let asked = ContinuousClock.now
            if let suspect = try await context.leases.claimSuspect() {
                count([suspect])
                context.logger.notice(
                    "a run in whose flight engines were lost is held alone",
                    metadata: ["runId": "\(suspect.lease.runID)", "failures": "\(suspect.failures)"])
                let opened = Opened()
                carry(suspect, asked: asked, &workers, opened: opened)
                while !opened.isSet, context.table.count > 0, !context.table.isStopping {
                    await context.wakeUp.wait(atMost: .milliseconds(10))
                }
                if await !holdsNothing(within: Probing.window), !context.table.isStopping {
                    try await context.leases.clear(suspect.lease)
                }
            } else {
                // Another engine has it, or it is no run at all.
                await putOffOrphans()
            }
        } catch {
            context.logger.warning("a suspect can't be claimed now", metadata: ["error": "\(error)"])
            return probing.wait(Probing.interval)
        }
        probing.wait(.now - began)
    }

    private var held: Logger.Metadata { ["count": "\(context.table.count)"] }

    /// Whether all runs have ended or been given back, waiting for that.
    private func holdsNothing(within time: Duration) async -> Bool {
        let giveUpAt = ContinuousClock.now + time
        while context.table.count > 0 {
            guard !context.table.isStopping, ContinuousClock.now < giveUpAt else { return false }
            await context.wakeUp.wait(atMost: .milliseconds(10))
        }
        return !context.table.isStopping
    }
}
