// Everything an installation consists of, in one thread and without time: the product's session and driver, on a store in
// memory, a network, engines and participants that fail as a plan says, and operators at the worst moment. First things go
// wrong; then they are healed, and everything has to come to an end; then the same audit as that of `saga check` judges the
// rows and the ledgers.

import Audit
import Core
import Driver

/// One simulation.
///
/// Unchecked: it lives on its schedule's thread.
package final class Simulation: @unchecked Sendable {
    package let plan: Plan
    let schedule: Schedule
    let lease: Duration
    var store = MemoryStore()
    /// Runs whose rows somebody has locked.
    private(set) var locked: Set<RunID> = []
    private(set) var isOver = false
    var seen = Seen()
    private var engines: [SimulatedEngine] = []
    private var dead: [SimulatedEngine] = []
    var participants = SimulatedParticipants()
    private var violations: [String] = []
    private var lastEngine: UInt64 = 0
    /// Runs that clients have started.
    private var started = 0
    private var restarted: UInt64 = 0
    /// Until then things go wrong.
    private let healsAt: Duration
    /// What runs that do others anew tell of it.
    private var notes: [OwnershipAudit.Note] = []
    /// What was promised: these runs were cancelled while they lived, first at this time.
    private var cancelled: [RunID: Instant] = [:]
    /// Runs that were started by clients.
    private var roots = 0
    /// Workflows that steps start, by name.
    private var workflows: [String: WorkflowDefinition] = [:]
    /// What happened, for a reader; nil when nobody reads it.
    private var log: [String]?

    /// 2026 began at this time; ids and deadlines follow from it.
    private static let origin = Instant(microseconds: 1_767_225_600_000_000)
    /// Time after healing in which everything must end: the longest backoffs and waits are five minutes, and there are few.
    private static let patience = Duration.seconds(2 * 3600)
    /// Things done in that time at the most; more is a violation of its own.
    private static let maxTurns = 120_000
    /// Where only participants fail, deadlines and requests are acted on in this time.
    private static let promptness = Duration.seconds(1)

    /// - Parameter isLogged: keeps what happened, for a reader.
    package init(_ plan: Plan, isLogged: Bool = false) {
        self.plan = plan
        schedule = Schedule(seed: plan.seed)
        lease = .milliseconds(Int.random(in: 300...4000, using: &schedule.random))
        healsAt = .milliseconds(Int.random(in: 300...6000, using: &schedule.random))
        log = isLogged ? [] : nil
    }

    /// The database's clock.
    var now: Instant { Self.origin + schedule.now }

    /// Runs it to its end.
    package func run() throws -> Report {
        for _ in 0..<plan.engines { addEngine() }
        try scheduleStarts()
        scheduleFaults()
        scheduleHands()
        schedule.after(healsAt) { [unowned self] in heal() }
        schedule.run(turns: Self.maxTurns) { isDone || schedule.now > healsAt + Self.patience }
        let ended = isDone
        let isOutOfTurns = !ended && schedule.now <= healsAt + Self.patience && schedule.turns >= Self.maxTurns
        isOver = true
        for engine in engines { engine.kill() }
        // Whatever is still on its way arrives.
        schedule.run(turns: Self.maxTurns) { false }
        if isOutOfTurns { violations.append("more is done than in \(Self.maxTurns) turns, and it is not over") }
        if !ended { violations.append(contentsOf: unfinished()) }
        for engine in engines + dead where engine.drivers > 0 {
            violations.append("\(engine.drivers) drivers of engine \(engine.name) never came to an end")
        }
        for runID in store.order { judge(runID) }
        judgeTogether()
        judgeFamilies()
        return Report(plan: plan, seen: seen, violations: violations, log: log ?? [])
    }

    /// Nothing goes wrong any more.
    var isHealed: Bool { schedule.now > healsAt }

    private var isDone: Bool {
        schedule.now > healsAt && started == plan.runs
            && store.order.allSatisfy {
                guard let row = store.rows[$0] else { return true }
                return row.outbox == nil && row.run.status.isTerminal && row.run.status != .failed
            }
    }

    private func unfinished() -> [String] {
        store.order.compactMap { runID in
            guard let row = store.rows[runID], !row.run.status.isTerminal || row.run.status == .failed else {
                return nil
            }
            let due = row.outbox.map { "due at \($0.availableAt)" } ?? "without an outbox row"
            return "invariant 2: run \(name(runID)) is still \(row.run.status.rawValue) at \(now), \(due)"
        }
    }

    // MARK: What goes wrong

    /// Whether this fault happens now.
    func happens(_ fault: Fault, _ percent: Int) -> Bool {
        guard schedule.now < healsAt, plan.faults.contains(fault), schedule.random.chance(percent) else { return false }
        seen.faults[fault, default: 0] += 1
        return true
    }

    func nextEngine() -> UInt64 {
        lastEngine += 1
        return lastEngine
    }

    private func addEngine() {
        let engine = SimulatedEngine(self)
        engines.append(engine)
        engine.start()
    }

    private func scheduleStarts() throws {
        // The first starts nobody, the second the first.
        for name in ["c0", "c1"] {
            let known = workflows.keys.sorted()
            workflows[name] = try RandomWorkflow(using: &schedule.random, name: name, children: known).definition
        }
        for number in 0..<plan.runs {
            let workflow = try RandomWorkflow(using: &schedule.random, children: workflows.keys.sorted())
            let runID = RunID(high: 0xA, low: UInt64(number + 1))
            schedule.after(schedule.random.upTo(healsAt / 2)) { [unowned self] in
                let fresh = Run(
                    id: runID, definition: workflow.definition, input: ["order": 1], context: [:], createdAt: now)
                // A client that saw no answer sends the same again.
                let key = "order \(number)"
                let startAt = happens(.delay, 30) ? now + schedule.random.upTo(.seconds(3)) : nil
                for _ in 0...Int.random(in: 0...1, using: &schedule.random) {
                    require(
                        store.start(fresh, key: key, startAt: startAt) == runID,
                        "invariant 15: \(key) started another run")
                }
                started += 1
                note("run \(name(runID)) is started, \(workflow.definition.steps.count) steps")
                for event in store.rows[runID]?.events ?? [] { tell(event, runID) }
            }
        }
    }

    private func scheduleFaults() {
        often(.kill, 5) { [unowned self] in
            guard let index = engines.indices.randomElement(using: &schedule.random) else { return }
            engines[index].kill()
            dead.append(engines.remove(at: index))
            schedule.after(schedule.random.upTo(.seconds(2))) { [unowned self] in addEngine() }
        }
        often(.stall, 4) { [unowned self] in
            engines.randomElement(using: &schedule.random)?.stand(for: schedule.random.upTo(lease * 3))
        }
        often(.lock, 3) { [unowned self] in
            guard let runID = store.order.randomElement(using: &schedule.random) else { return }
            locked.insert(runID)
            note("somebody locks the rows of run \(name(runID))")
            schedule.after(schedule.random.upTo(lease * 2)) { [unowned self] in locked.remove(runID) }
        }
        often(.cancel, 2) { [unowned self] in ask(anyRun, InboxRequest(.cancel(reason: nil), sentBy: "ann")) }
        often(.retry, 5) { [unowned self] in
            let runID = anyRun
            let stepID = schedule.random.chance(30) ? nil : anyStep(of: runID)
            ask(runID, InboxRequest(.retry(stepID: stepID), sentBy: "bob"))
        }
        often(.resolve, 4) { [unowned self] in
            guard let runID = anyRun, let stepID = anyStep(of: runID) else { return }
            ask(runID, InboxRequest(.resolve(stepIDs: [stepID], reason: "by hand"), sentBy: "bob"))
        }
    }

    /// What people do with runs that are well.
    private func scheduleHands() {
        often(.pause, 3) { [unowned self] in
            let runID = anyRun
            ask(runID, InboxRequest(.pause(reason: nil, holdsDeadline: schedule.random.chance(50)), sentBy: "bob"))
            schedule.after(schedule.random.upTo(.seconds(3))) { [unowned self] in
                ask(runID, InboxRequest(.resume(reason: nil), sentBy: "bob"))
            }
        }
        often(.settle, 4) { [unowned self] in
            guard let runID = anyRun, let run = store.rows[runID]?.run,
                let settlement = Settlement.allCases.randomElement(using: &schedule.random)
            else { return }
            // What waits, mostly: of many steps hardly one does.
            let waits = run.steps.indices.filter { run.canSettle(step: $0, settlement) }
            let waiting = schedule.random.chance(80) ? waits.randomElement(using: &schedule.random) : nil
            guard let stepID = waiting.map({ run.stepID($0) }) ?? anyStep(of: runID) else { return }
            ask(runID, InboxRequest(.settle(stepID: stepID, settlement, output: 1, reason: "by hand"), sentBy: "bob"))
        }
        often(.signal, 4) { [unowned self] in
            guard let runID = anyRun, let stepID = anyStep(of: runID) else { return }
            ask(runID, InboxRequest(.heartbeat(stepID: stepID, .execute), sentBy: "p"))
        }
        often(.signal, 9) { [unowned self] in ask(anyRun, signal(schedule.random.chance(60) ? "go" : "stop")) }
        often(.undo, 4) { [unowned self] in ask(anyRun, InboxRequest(.undo(reason: "no more"), sentBy: "ann")) }
        often(.restart, 6) { [unowned self] in restart(anyRun) }
    }

    /// Somebody has a run done anew, from some step on or from its beginning; where it may not be yet, that comes to nothing.
    private func restart(_ runID: RunID?) {
        guard let runID, !locked.contains(runID), let old = store.rows[runID]?.run else { return }
        let fromStep =
            schedule.random.chance(85) ? old.definition.steps.indices.randomElement(using: &schedule.random) : nil
        let repeats = schedule.random.chance(50)
        let fresh = Run(
            id: RunID(high: 0xA, low: 100 + restarted), definition: old.definition, input: old.input,
            context: old.context, createdAt: now)
        guard store.restart(runID, as: fresh, from: fromStep, repeats: repeats) != nil else { return }
        restarted += 1
        seen.restarts += 1
        note("run \(name(runID)) is done anew as \(name(fresh.id))")
        for event in store.rows[fresh.id]?.events ?? [] { tell(event, fresh.id) }
    }

    private func signal(_ name: String, isOK: Bool? = nil) -> InboxRequest {
        let isOK = isOK ?? schedule.random.chance(60)
        let key = schedule.random.chance(50) ? "k\(Int.random(in: 0..<4, using: &schedule.random))" : nil
        return InboxRequest(.signal(name: name, payload: ["ok": .bool(isOK)], key: isOK ? key : nil), sentBy: "ann")
    }

    /// Up to so many times before the healing.
    private func often(_ fault: Fault, _ most: Int, _ work: @escaping () -> Void) {
        guard plan.faults.contains(fault) else { return }
        for _ in 0..<Int.random(in: 0...most, using: &schedule.random) {
            schedule.after(schedule.random.upTo(healsAt)) { [unowned self] in
                seen.faults[fault, default: 0] += 1
                work()
            }
        }
    }

    private var anyRun: RunID? { store.order.randomElement(using: &schedule.random) }

    private func anyStep(of runID: RunID?) -> String? {
        guard let runID, let run = store.rows[runID]?.run else { return nil }
        return run.steps.indices.randomElement(using: &schedule.random).map { run.stepID($0) }
    }

    // MARK: People

    /// Somebody asks something of a run, as the API would let them.
    func ask(_ runID: RunID?, _ request: InboxRequest) {
        guard let runID, !locked.contains(runID), let run = store.rows[runID]?.run else { return }
        let isAccepted: Bool
        switch request.kind {
        case .cancel:
            if run.status == .completed || (run.cause == nil && run.mustGoOn) { return }
            isAccepted = store.send(request, to: runID, now: now)
            // With a pivot it may come too late all the same; then the history says so.
            if isAccepted, run.status != .failed, run.definition.pivot == nil, cancelled[runID] == nil {
                cancelled[runID] = now
            }
        case .retry(let stepID, _):
            guard run.canRetry(step: stepID.flatMap { run.number(of: $0) }) else { return }
            isAccepted =
                run.status == .failed
                ? store.sendToEnded(request, to: runID, now: now) : store.send(request, to: runID, now: now)
        case .resolve(let stepIDs, _):
            let steps = stepIDs.compactMap { run.number(of: $0) }
            guard run.canResolve(steps: steps) else { return }
            isAccepted =
                run.status == .failed
                ? store.sendToEnded(request, to: runID, now: now) : store.send(request, to: runID, now: now)
        case .settle(let stepID, let settlement, _, _):
            guard let step = run.number(of: stepID), run.canSettle(step: step, settlement) else { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .pause:
            if run.status.isTerminal { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .resume:
            guard run.isPaused else { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .callback(let stepID, let action, let callback):
            guard let step = run.number(of: stepID), run.takesCallback(step: step, action),
                store.hasRoom(forCallback: callback, of: stepID, action, in: runID),
                run.marks.callbacks.allSatisfy({ $0.step != step || $0.callback.digest == callback.digest })
            else { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .heartbeat(let stepID, let action):
            guard let step = run.number(of: stepID), run.takesCallback(step: step, action) else { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .signal:
            guard !run.status.isTerminal, run.isGoingForward else { return }
            isAccepted = store.send(request, to: runID, now: now)
        case .childEnded: return
        case .undo:
            guard run.canUndo(at: now), run.parent?.isDetached ?? true else { return }
            isAccepted = store.sendToEnded(request, to: runID, as: .completed, now: now)
        }
        guard isAccepted else { return }
        seen.requests += 1
        note("\(request.sentBy) asks of run \(name(runID)): \(request.kind)")
        // The holder hears of it, mostly.
        if happens(.notificationLost, 50) { return }
        for engine in engines {
            engine.later(schedule.random.upTo(.milliseconds(20))) { isAlive in
                if isAlive { engine.table.mailbox(of: runID)?.post(.inboxFilled) }
            }
        }
    }

    /// From here on nothing goes wrong any more, and a person looks at what FAILED.
    private func heal() {
        note("nothing goes wrong any more")
        locked = []
        while engines.count < 1 { addEngine() }
        mend()
    }

    private func mend() {
        if isDone || isOver { return }
        for runID in store.order {
            if let run = store.rows[runID]?.run, !run.status.isTerminal { release(run) }
            guard let row = store.rows[runID], row.run.status == .failed, row.outbox == nil else { continue }
            let resolvable = row.run.steps.indices.filter { row.run.canResolve(step: $0) }
            if schedule.random.chance(40), !resolvable.isEmpty {
                let count = Int.random(in: 1...resolvable.count, using: &schedule.random)
                let steps = resolvable.shuffled(using: &schedule.random).prefix(count)
                let ids = steps.map { row.run.stepID($0) }
                ask(runID, InboxRequest(.resolve(stepIDs: ids, reason: "by hand"), sentBy: "bob"))
            } else {
                ask(runID, InboxRequest(.retry(stepID: nil), sentBy: "bob"))
            }
        }
        schedule.after(.seconds(1)) { [unowned self] in mend() }
    }

    /// A person looks at a run that nobody else brings on.
    private func release(_ run: Run) {
        if run.isPaused { return ask(run.id, InboxRequest(.resume(reason: nil), sentBy: "bob")) }
        for (index, step) in run.steps.enumerated() {
            let stepID = run.stepID(index)
            if step.status == .waiting, case .signal(let awaited) = run.stepDefinition(index).action {
                let kind = InboxRequest.Kind.signal(name: awaited.signal, payload: ["ok": true], key: nil)
                ask(run.id, InboxRequest(kind, sentBy: "ann"))
            } else if step.awaitsPerson {
                let kind: InboxRequest.Kind =
                    schedule.random.chance(50)
                    ? .retry(stepID: stepID)
                    : .settle(
                        stepID: stepID, schedule.random.chance(50) ? .complete : .skip, output: nil, reason: "by hand")
                ask(run.id, InboxRequest(kind, sentBy: "bob"))
            } else if run.cause == nil, step.compensationStatus == .failed {
                // What can't be undone, however often it is tried, is undone by hand.
                let kind: InboxRequest.Kind =
                    schedule.random.chance(50)
                    ? .retry(stepID: stepID) : .resolve(stepIDs: [stepID], reason: "by hand")
                ask(run.id, InboxRequest(kind, sentBy: "bob"))
            }
        }
    }

    // MARK: The store, as somebody who watches sees it

    func commit(
        _ commit: SessionCommit, by engine: SimulatedEngine, _ children: [MemoryStore.Child] = []
    ) -> MemoryStore.Committed {
        let runID = commit.lease.runID
        // The worst moment: what it asks for was not read.
        let givesBack = if case .giveBack = commit.afterwards { true } else { false }
        if happens(.cancel, givesBack ? 10 : 1) { ask(runID, InboxRequest(.cancel(reason: nil), sentBy: "ann")) }
        let before = store.rows[runID]?.events.count ?? 0
        let epoch = store.rows[runID]?.outbox?.epoch
        let committed = store.commit(commit, engine: engine.id, now: now, children: children)
        for child in children where store.rows[child.fresh.id] != nil {
            note("run \(name(child.fresh.id)) is started as a child of run \(name(runID))")
        }
        if case .written = committed { hear(commit.messages) }
        if case .written = committed, epoch != commit.lease.epoch {
            violations.append("invariant 13: run \(name(runID)): a commit of a lost lease is written")
        }
        seen.commits += 1
        let events = store.rows[runID]?.events ?? []
        for event in events[before...] { tell(event, runID) }
        if case .written = committed {
        } else {
            note("run \(name(runID)): a commit of engine \(engine.name) is not written: \(committed)")
        }
        return committed
    }

    /// Who is told something may hear of it at once.
    private func hear(_ messages: [RunMessage]) {
        for message in messages {
            note("run \(name(message.runID)) is told: \(message.request.kind)")
            if happens(.notificationLost, 50) { continue }
            for engine in engines {
                engine.later(schedule.random.upTo(.milliseconds(20))) { isAlive in
                    if isAlive { engine.table.mailbox(of: message.runID)?.post(.inboxFilled) }
                }
            }
        }
    }

    /// The runs that a decision starts; or why some can't be.
    func children(of commit: SessionCommit) -> Result<[MemoryStore.Child], RefusedChildren> {
        var ready: [MemoryStore.Child] = []
        var refused: [Int: Failure] = [:]
        for start in commit.childStarts {
            guard let definition = workflows[start.workflow], !happens(.childRefused, 15) else {
                refused[start.step] = Failure(kind: Failure.rejectedKind, message: "There is no such workflow.")
                continue
            }
            ready.append(
                MemoryStore.Child(
                    Run(
                        id: start.runID, definition: definition, input: start.values.input, context: [:],
                        createdAt: now), link: start.link))
        }
        ready += commit.endCalls.map { MemoryStore.Child($0.run, link: $0.link) }
        return refused.isEmpty ? .success(ready) : .failure(RefusedChildren(failures: refused))
    }

    func claimed(_ claim: MemoryStore.Claimed, by engine: SimulatedEngine) {
        seen.claims += 1
        if claim.isTakeover { seen.takeovers += 1 }
        let runID = claim.lease.runID
        note(
            "engine \(engine.name) claims run \(name(runID)), epoch \(claim.lease.epoch)"
                + (claim.isTakeover ? ", a takeover" : ""))
        if claim.beganDueSteps {
            for event in store.rows[runID]?.events.suffix(8) ?? []
            where event.epoch == claim.lease.epoch { tell(event, runID) }
        }
    }

    func quarantine(_ lease: Lease, _ reason: String, by engine: SimulatedEngine) {
        let failure = Failure(kind: Failure.quarantinedKind, message: reason)
        if store.quarantine(lease, failure, engine: engine.id, now: now) {
            note("run \(name(lease.runID)) is set aside: \(reason)")
        }
    }

    /// A driver says that something can't have happened.
    func broken(_ what: String, _ run: Run) { violations.append("run \(name(run.id)): \(what)") }

    // MARK: The end

    private func require(_ holds: Bool, _ text: @autoclosure () -> String) {
        if !holds { violations.append(text()) }
    }

    /// Parents and children agree.
    private func judgeFamilies() {
        for runID in store.order {
            guard let row = store.rows[runID] else { continue }
            let children = store.order.compactMap { other -> FamilyAudit.Child? in
                guard let child = store.rows[other]?.run, child.parent?.runID == runID else { return nil }
                return FamilyAudit.Child(
                    runID: other, status: child.status, endedAs: child.input["run"]?["status"]?.string)
            }
            for violation in FamilyAudit.violations(of: row.run, row.events.map(\.event), children: children) {
                violations.append("run \(name(runID)): \(violation.text)")
            }
        }
    }

    private func judge(_ runID: RunID) {
        guard let row = store.rows[runID] else { return }
        let run = row.run
        seen.ends[run.status, default: 0] += 1
        seen.events += row.events.count
        require(!row.differs, "invariant 12: run \(name(runID)): a commit's run is not what its events make of it")
        require((row.outbox == nil) == run.status.isTerminal, "invariant 3: run \(name(runID)) and its outbox row")
        if let cancelledAt = cancelled[runID] {
            let known = row.events.first { $0.event.kind == .cancelRequested }
            require(known != nil, "invariant 17: run \(name(runID)): an accepted cancel was forgotten")
            if plan.isCalm, let known, known.at > cancelledAt + lease + Self.promptness {
                violations.append("run \(name(runID)): a cancel was acted on after \(known.at - cancelledAt)")
            }
        }
        if plan.isCalm, run.definition.pivot == nil, !row.events.contains(where: { $0.event.kind == .runPaused }),
            let deadlineAt = run.deadlineAt, run.status == .completed || run.cause == .deadlineExceeded
        {
            let ended =
                row.events.first { $0.event.kind == .deadlineExceeded }
                ?? row.events.last { $0.event.kind != .restartedAs }
            let isPrompt = ended.map { $0.at <= deadlineAt + Self.promptness } ?? true
            require(isPrompt, "run \(name(runID)): its deadline, \(deadlineAt), was acted on too late")
        }
        let events = row.events.map {
            StoredEvent(
                $0.event, of: run.numbering, sequence: $0.sequence, at: $0.at, engineID: $0.engine, epoch: $0.epoch)
        }
        let audit = RunAudit(
            row: RunRow(run), snapshot: RunSnapshot(steps: row.storedSteps, sequence: row.snapshot?.sequence ?? 1),
            definition: run.definition, events: events,
            entries: LedgerEntry.entries(of: runID, events) { participants.ledgers[$0] ?? [] }, ledgers: ["p"],
            allowsLiveRuns: true, isOver: true)
        for violation in audit.violations() { violations.append("run \(name(runID)): \(violation.text)") }
        if let note = OwnershipAudit.Note(runID, events) { notes.append(note) }
    }

    private func judgeTogether() {
        for violation in OwnershipAudit.violations(notes, isMissing: { _ in false }) {
            violations.append("run \(name(violation.runID)): \(violation.text)")
        }
    }

    // MARK: For a reader

    func note(_ what: @autoclosure () -> String) {
        guard log != nil else { return }
        let seconds = Double(schedule.now / .milliseconds(1)) / 1000
        log?.append("\(seconds)s  \(what())")
    }

    private func tell(_ event: MemoryStore.Event, _ runID: RunID) {
        note("run \(name(runID)) #\(event.sequence) \(event.event)")
    }

    func name(_ runID: RunID) -> String { String(runID.low) }
}

/// Why children can't be started, by step.
struct RefusedChildren: Error {
    let failures: [Int: Failure]
}
