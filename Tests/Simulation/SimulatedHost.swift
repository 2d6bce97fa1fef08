import Core
import Driver

/// What the driver of one run's session finds in a simulated engine. Each method is a way over a network that may fail on
/// either half, and the engine may be dead when the answer comes.
///
/// Unchecked: it lives on its schedule's thread.
final class SimulatedHost: SessionHost, @unchecked Sendable {
    private let engine: SimulatedEngine
    private let claim: MemoryStore.Claimed
    private let claimedAt: Instant
    private let claimedAtClock: ContinuousClock.Instant
    private var wakeNumber = 0

    private var world: Simulation { engine.world }
    private var runID: RunID { claim.lease.runID }

    init(_ engine: SimulatedEngine, _ claim: MemoryStore.Claimed, claimedAt: Instant) {
        self.engine = engine
        self.claim = claim
        self.claimedAt = claimedAt
        claimedAtClock = engine.clock
    }
}

extension SimulatedHost {
    var isHeld: Bool { engine.isAlive && engine.table.isHeld(claim.lease, at: engine.clock) }

    /// After a lost acknowledgement what was sent is looked for before it is sent again, as the batch writer does it.
    func commit(_ commit: SessionCommit) async -> CommitVerdict {
        let giveUpAt = world.now + world.lease
        var isInDoubt = false
        var collisions = 0
        let children: [MemoryStore.Child]
        switch world.children(of: commit) {
        case .success(let ready): children = ready
        case .failure(let refused): return .childrenRefused(refused.failures)
        }
        while true {
            guard await engine.hop() else { return .leaseLost }
            if world.locked.contains(runID) {
                if world.now > giveUpAt { return .unavailable("its rows are locked") }
                guard await engine.hop(.milliseconds(250)) else { return .leaseLost }
                continue
            }
            if !isInDoubt, world.happens(.commitRefused, 1) { return .refused("the simulation refuses it") }
            let committed: MemoryStore.Committed?
            if world.happens(.commitLost, 5) {
                committed = nil
                arriveLate(commit, children)
            } else if isInDoubt, let at = world.store.storedAt(commit, engine: engine.id),
                !isPlanted(.lostAcknowledgementCommittedTwice)
            {
                committed = .written(unread: 0, at: at)
            } else {
                committed = world.commit(commit, by: engine, children)
            }
            if committed == nil || world.happens(.acknowledgementLost, 5) {
                isInDoubt = true
                guard await engine.hop(.milliseconds(800)) else { return .leaseLost }
                if world.now > giveUpAt { return .unavailable("nobody knows whether it is stored") }
                continue
            }
            guard await engine.hop() else { return .leaseLost }
            switch committed {
            case .written(let unread, let at): return .written(unread: unread, at: at)
            case .inboxFirst: return .inboxFirst
            case .leaseLost: return .leaseLost
            case .duplicate, nil:
                collisions += 1
                if !isInDoubt || collisions > 3 { return .unavailable("its events are there already") }
            }
        }
    }

    /// It was not lost but slow: it may still be stored, when nobody counts on it.
    private func arriveLate(_ commit: SessionCommit, _ children: [MemoryStore.Child]) {
        guard world.schedule.random.chance(50) else { return }
        let engine = engine
        world.schedule.after(world.schedule.random.upTo(.seconds(4))) { [unowned world] in
            _ = world.commit(commit, by: engine, children)
        }
    }

    func readInbox() async throws(StoreUnavailable) -> [InboxRow] {
        guard await engine.hop() else { throw StoreUnavailable("the engine is dead") }
        let rows = world.store.inbox(of: runID)
        guard await engine.hop() else { throw StoreUnavailable("the engine is dead") }
        return rows
    }

    func recountInbox() async throws(StoreUnavailable) -> Int { 0 }

    func end(_ end: SessionEnd, _ run: Run) async {
        guard engine.isAlive else { return }
        switch end {
        case .settled, .leaseLost: return
        case .giveBack, .leaveToOthers:
            guard await engine.hop() else { return }
            world.store.release([claim.lease], engine: engine.id, after: .seconds(1), now: world.now)
        case .setAside(let reason):
            guard await engine.hop() else { return }
            world.quarantine(claim.lease, reason, by: engine)
        }
    }
}

extension SimulatedHost {
    func prepare(_ participant: String, of run: Run) async {}

    func call(
        _ call: Command.Call, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let definition = run.definition(of: call)
        let step = run.steps[call.step]
        let isAmbiguous = call.action == .execute ? step.isAmbiguous : step.isCompensationAmbiguous
        let sentAt = world.schedule.now
        let request = SimulatedParticipants.Request(
            runID: run.caller(of: call), callerID: run.id, stepID: run.stepID(call.step),
            participant: run.participant(of: call) ?? "",
            call: call, key: run.idempotencyKey(of: call), isCalledBack: definition.completion != nil,
            isPolled: definition.completion?.poll != nil)
        let (engine, world) = (engine, world)
        let scope = CallScope(run, call)
        let judge: (Answer) -> CallResult = {
            var effort = Effort.full
            return CallResult(
                $0, of: scope, isAmbiguous: isAmbiguous, duration: world.schedule.now - sentAt, effort: &effort)
        }
        // It waits for its turn.
        engine.later(world.schedule.random.upTo(.milliseconds(30))) { isAlive in
            guard isAlive else { return }
            guard isWanted() else { return completion(judge(.notSent("it was not wanted any more"))) }
            world.send(request, within: definition.timeout) { answer, delay in
                engine.later(delay) { isAlive in
                    if isAlive { completion(judge(answer)) }
                }
            }
        }
    }

    func look(
        _ look: Command.Look, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let (engine, world, scope, sentAt) = (engine, world, CallScope(run, look.call), world.schedule.now)
        let judge: (Answer) -> CallResult = {
            var effort = Effort.full
            return CallResult(look: $0, of: scope, duration: world.schedule.now - sentAt, effort: &effort)
        }
        let timeout = run.definition(of: look.call).timeout
        engine.later(world.schedule.random.upTo(.milliseconds(30))) { isAlive in
            guard isAlive else { return }
            guard isWanted() else { return completion(judge(.notSent("it was not wanted any more"))) }
            world.look(run.id, look, key: run.idempotencyKey(of: look.call), within: timeout) { answer, delay in
                engine.later(delay) { isAlive in
                    if isAlive { completion(judge(answer)) }
                }
            }
        }
    }
}

extension SimulatedHost {
    var now: Instant { claimedAt + (engine.clock - claimedAtClock) }

    /// Large runs beside others, by turns with runs that need not wait for any.
    func portion(of run: Run) -> Portion {
        now.microseconds.isMultiple(of: 2) ? Portion(calls: 1, children: 1) : .whole
    }

    func makeRandom() -> SeededGenerator { SeededGenerator(seed: world.schedule.random.next()) }

    func wake(at time: Instant, _ action: @escaping @Sendable () -> Void) {
        wakeNumber += 1
        let number = wakeNumber
        engine.later(max(.zero, time - now) + .milliseconds(1)) { [self] isAlive in
            if isAlive, number == wakeNumber { action() }
        }
    }

    func cancelWake() { wakeNumber += 1 }

    func think(_ work: () -> SessionTask) async -> SessionTask { work() }

    func committed(_ commit: SessionCommit, at now: Instant) {}

    func note(_ note: SessionNote, of run: Run) {
        if case .broken(let what) = note { world.broken(what, run) }
    }
}
