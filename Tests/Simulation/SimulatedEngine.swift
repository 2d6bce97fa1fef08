import Core
import Driver

/// An engine: claims, renews, and drives sessions with the product's own driver, over a network that fails as the plan says.
/// It may stand still for longer than its leases last, and die between any two things it does.
///
/// Unchecked: it lives on its schedule's thread.
final class SimulatedEngine: @unchecked Sendable {
    let id: EngineID
    unowned let world: Simulation
    let table = RunTable(capacity: 8)
    private(set) var isAlive = true
    private var standsUntil = Duration.zero
    /// Drivers at work.
    private(set) var drivers = 0
    private var mailboxes: [Lease: Mailbox] = [:]
    private let clockOffset: Duration

    init(_ world: Simulation) {
        self.world = world
        id = EngineID(high: 0xE, low: world.nextEngine())
        clockOffset = .seconds(Int.random(in: 0...7200, using: &world.schedule.random))
    }

    /// This process's monotonic clock, which is no other's.
    var clock: ContinuousClock.Instant { Self.origin + clockOffset + world.schedule.now }

    private static let origin = ContinuousClock.now

    func start() {
        tick()
        keep()
    }

    /// Whatever it has in its hands is gone; what it has sent is on its way.
    func kill() {
        isAlive = false
        world.note("engine \(name) dies")
        _ = table.abandonAll()
        // Their drivers find that nothing is theirs any more.
        for mailbox in mailboxes.values { mailbox.post(.due) }
    }

    /// Does nothing for a while.
    func stand(for duration: Duration) {
        world.note("engine \(name) stands still for \(duration)")
        standsUntil = max(standsUntil, world.schedule.now + duration)
    }

    var name: String { "\(id.low)" }

    /// Something comes to this engine after a while: when it stands still then, later; when it is dead, `false` at once.
    func later(_ delay: Duration, _ work: @escaping (_ isAlive: Bool) -> Void) {
        world.schedule.after(delay) { [self] in
            let wait = standsUntil - world.schedule.now
            if isAlive, wait > .zero { return later(wait, work) }
            work(isAlive)
        }
    }

    /// Waits as a message on its way does. False when the engine is dead by then.
    func hop(_ longest: Duration = .milliseconds(4)) async -> Bool {
        let delay = world.schedule.random.upTo(longest)
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            later(delay) { continuation.resume(returning: $0) }
        }
    }

    // MARK: Claims and leases

    /// While things go wrong it looks around all the time; then it sleeps until something is due, though never for long: nobody
    /// wakes it when a run is given back.
    private func tick() {
        var pause = Duration.milliseconds(Int.random(in: 5...150, using: &world.schedule.random))
        if world.isHealed {
            let wait = world.store.nextDue.map { $0 - world.now } ?? .milliseconds(500)
            pause = max(pause, min(wait, .milliseconds(500)))
        }
        later(pause) { [self] isAlive in
            guard isAlive, !world.isOver else { return }
            claim()
            tick()
        }
    }

    private func claim() {
        let asked = clock
        world.schedule.after(world.schedule.random.upTo(.milliseconds(4))) { [self] in
            let claimed = world.store.claim(
                engine: id, limit: max(0, 8 - table.count), length: world.lease, now: world.now,
                skipping: world.locked)
            for claim in claimed { world.claimed(claim, by: self) }
            if !claimed.isEmpty, world.happens(.claimLost, 8) { return }
            let claimedAt = world.now
            later(world.schedule.random.upTo(.milliseconds(4))) { [self] isAlive in
                guard isAlive else { return }
                for claim in claimed { carry(claim, asked: asked, at: claimedAt) }
            }
        }
    }

    private func carry(_ claim: MemoryStore.Claimed, asked: ContinuousClock.Instant, at claimedAt: Instant) {
        let mailbox = Mailbox()
        table.add(claim.lease, mailbox, heldUntil: asked + world.lease)
        let host = SimulatedHost(self, claim, claimedAt: claimedAt)
        let session = RunSession(
            claim.run, lease: claim.lease, inboxCount: claim.inboxCount, beganDueSteps: claim.beganDueSteps)
        let driver = RunDriver(session, mailbox: mailbox, host: host)
        drivers += 1
        mailboxes[claim.lease] = mailbox
        Task(executorPreference: world.schedule) { [self] in
            await driver.work()
            table.remove(claim.lease)
            drivers -= 1
            mailboxes[claim.lease] = nil
        }
    }

    private func keep() {
        later(world.lease / 3) { [self] isAlive in
            guard isAlive, !world.isOver else { return }
            renew()
            keep()
        }
    }

    private func renew() {
        let (asked, leases) = (clock, table.leases)
        if leases.isEmpty || world.happens(.renewalLost, 20) { return }
        world.schedule.after(world.schedule.random.upTo(.milliseconds(4))) { [self] in
            let held = world.store.renew(leases, engine: id, length: world.lease, now: world.now)
            later(world.schedule.random.upTo(.milliseconds(4))) { [self] isAlive in
                guard isAlive else { return }
                let (_, inboxes) = table.renewed(leases, held: held, until: asked + world.lease)
                for inbox in inboxes { inbox.post(.inboxFilled) }
            }
        }
    }
}
