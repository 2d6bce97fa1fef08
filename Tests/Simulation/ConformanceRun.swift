package import Core

/// A store with the engines that work on it, told what to do.
package struct ConformanceRun<Store: ConformingStore> {
    private struct Held {
        let engine: Int
        let lease: Lease
        var session: RunSession
        /// Ties the session's time to the claim's.
        let claimedAt: Instant
    }

    package private(set) var store: Store
    private let definitions: [WorkflowDefinition]
    private var runs: [RunID] = []
    private var held: [Held] = []
    private var sent: [(commit: SessionCommit, children: [MemoryStore.Child], engine: Int)] = []

    package init(_ store: Store, definitions: [WorkflowDefinition]) {
        self.store = store
        self.definitions = definitions
    }

    /// Does it; what came of it, and where all runs stand.
    ///
    /// - Parameter runID: of a run that is started.
    package mutating func perform(_ step: ConformanceStep, runID: RunID) async throws -> String {
        var words = "\(try await outcome(of: step, runID))"
        for (number, runID) in runs.enumerated() {
            words += "\nrun \(number): \(try await store.standing(of: runID).words)"
        }
        // The ids of children follow from the time.
        for (number, runID) in runs.enumerated() { words = words.replacing("\(runID)", with: "run \(number)") }
        return words
    }

    private mutating func outcome(of step: ConformanceStep, _ runID: RunID) async throws -> String {
        switch step {
        case .start(let number, let key):
            let definition = definitions[number % definitions.count]
            let run = Run(
                id: runID, definition: definition, input: ["n": JSON(number % 3)], context: [:],
                createdAt: try await store.now())
            let started = try await store.start(run, key: key.map { "key-\($0)" })
            if started == runID { runs.append(runID) }
            return "started \(runs.firstIndex(of: started).map { "\($0)" } ?? "?")"
        case .claim(let engine): return try await claim(engine)
        case .answer(let number, let call, let outcome): return try await answer(number, call, outcome)
        case .hearOfInbox(let number):
            guard let index = number.place(in: held) else { return "-" }
            held[index].session.received([.inboxFilled])
            return try await pump(index)
        case .resend(let number):
            guard let index = number.place(in: sent) else { return "-" }
            let (commit, children, engine) = sent[index]
            return try await store.commit(commit, children: children, engine: engine).words
        case .renew(let engine):
            let leases = held.filter { $0.engine == engine }.map(\.lease)
            let renewed = try await store.renew(leases, engine: engine)
            return "\(leases.map { renewed[$0.runID].map { "\($0)" } ?? "lost" })"
        case .release(let number):
            guard let index = number.place(in: held) else { return "-" }
            try await store.release(held[index].lease, engine: held[index].engine)
            held.remove(at: index)
            return "released"
        case .restart(let engine):
            held.removeAll { $0.engine == engine }
            return "restarted"
        case .quarantine(let number):
            guard let index = number.place(in: held) else { return "-" }
            let failure = Failure(kind: Failure.quarantinedKind, message: "The suite says so.")
            let (lease, engine) = (held[index].lease, held[index].engine)
            held.remove(at: index)
            return "\(try await store.quarantine(lease, failure, engine: engine))"
        case .expire(let number):
            guard let index = number.place(in: runs) else { return "-" }
            try await store.expire(runs[index])
            return "expired"
        case .makeDue(let number):
            guard let index = number.place(in: runs) else { return "-" }
            try await store.makeDue(runs[index])
            return "due"
        case .cancel, .retry, .resolve, .pause, .resume, .settle, .undo, .signal: return try await ask(step)
        }
    }

    private mutating func ask(_ step: ConformanceStep) async throws -> String {
        let (number, stepNumber, kind): (Int, Int?, (String?) -> InboxRequest.Kind)
        switch step {
        case .cancel(let run): (number, stepNumber, kind) = (run, nil, { _ in .cancel(reason: nil) })
        case .retry(let run, let step): (number, stepNumber, kind) = (run, step, { .retry(stepID: $0) })
        case .resolve(let run, let step):
            (number, stepNumber, kind) = (run, step, { .resolve(stepIDs: [$0 ?? ""], reason: "by hand") })
        case .pause(let run):
            (number, stepNumber, kind) = (run, nil, { _ in .pause(reason: "wait", holdsDeadline: run % 2 == 0) })
        case .resume(let run): (number, stepNumber, kind) = (run, nil, { _ in .resume(reason: nil) })
        case .settle(let run, let step):
            let settlement = Settlement.allCases[(run + step) % Settlement.allCases.count]
            (number, stepNumber, kind) = (
                run, step, { .settle(stepID: $0 ?? "", settlement, output: ["by": "hand"], reason: "by hand") }
            )
        case .signal(let run, let key):
            let signal = InboxRequest.Kind.signal(name: "go", payload: ["n": JSON(run)], key: key.map { "k\($0)" })
            (number, stepNumber, kind) = (run, nil, { _ in signal })
        case .undo(let run): (number, stepNumber, kind) = (run, nil, { _ in .undo(reason: "no more") })
        default: return "-"
        }
        guard let index = number.place(in: runs) else { return "-" }
        let standing = try await store.standing(of: runs[index])
        let steps = definition(of: standing)
        let request = InboxRequest(kind(stepNumber.flatMap { $0.place(in: steps).map { steps[$0] } }), sentBy: "ann")
        switch (standing.status, request.kind) {
        case (.failed, .retry), (.failed, .resolve), (.completed, .undo):
            return "asked: \(try await store.sendToEnded(request, to: runs[index], as: standing.status))"
        default: break
        }
        return "sent: \(try await store.send(request, to: runs[index]))"
    }

    private func definition(of standing: StoredRows) -> [String] {
        definitions.first { $0.steps.count == standing.steps.count }?.steps.map(\.id) ?? []
    }

    private mutating func claim(_ engine: Int) async throws -> String {
        var words: [String] = []
        let claimed = try await store.claim(engine: engine).map { (runs.firstIndex(of: $0.lease.runID) ?? -1, $0) }
        for (number, claim) in claimed.sorted(by: { $0.0 < $1.0 }) {
            held.append(
                Held(
                    engine: engine, lease: claim.lease,
                    session: RunSession(
                        claim.run, lease: claim.lease, inboxCount: claim.inboxCount,
                        beganDueSteps: claim.beganDueSteps), claimedAt: claim.now))
            words.append(
                "run \(number) epoch \(claim.lease.epoch) inbox \(claim.inboxCount) takeover \(claim.isTakeover) "
                    + "began \(claim.beganDueSteps) failures \(claim.failures) seq \(claim.run.lastSequence)")
            words.append(try await pump(held.count - 1))
        }
        return words.joined(separator: "\n")
    }

    private mutating func answer(_ number: Int, _ call: Int, _ outcome: Int) async throws -> String {
        guard let index = number.place(in: held) else { return "-" }
        let calls = held[index].session.run.nextCommands(at: held[index].session.run.updatedAt).compactMap {
            command -> Command.Call? in
            if case .call(let call) = command { call } else { nil }
        }
        guard let place = call.place(in: calls) else { return "nothing in flight" }
        let result = Self.result(outcome)
        let call = calls[place]
        held[index].session.received(
            [.answered(step: call.step, action: call.action, attempt: call.attempt, result)])
        return "\(call.step) \(call.action) \(call.attempt): \(result.outcome)\n" + (try await pump(index))
    }

    private static func result(_ outcome: Int) -> CallResult {
        switch outcome {
        case 0..<60: CallResult(outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3), output: ["n": 1])
        case 60..<72: failed(.unknown, 500)
        case 72..<82: failed(.busy, 429)
        case 82..<90: failed(.notSent, nil)
        default: failed(.rejected, 422)
        }
    }

    private static func failed(_ outcome: Outcome, _ status: Int?) -> CallResult {
        CallResult(
            outcome: outcome, httpStatus: status, duration: .milliseconds(5),
            failure: Failure(kind: outcome.rawValue, message: "It did not work.", httpStatus: status))
    }

    /// The runs that a decision starts.
    private func children(of commit: SessionCommit, _ now: Instant) -> [MemoryStore.Child] {
        let started = commit.childStarts.compactMap { start in
            definitions.first { $0.name == start.workflow }.map { definition in
                MemoryStore.Child(
                    Run(
                        id: start.runID, definition: definition, input: start.values.input, context: [:],
                        createdAt: now), link: start.link)
            }
        }
        return started + commit.endCalls.map { MemoryStore.Child($0.run, link: $0.link) }
    }

    /// Has a session do what it wants, until it waits for calls or is over.
    private mutating func pump(_ index: Int) async throws -> String {
        var words: [String] = []
        var random = SeededGenerator(seed: 1)
        while true {
            var effort = Effort.full
            let now = try await store.now()
            switch held[index].session.next(now: now, isHeld: { true }, using: &random, effort: &effort) {
            case .readInbox:
                held[index].session.inboxRead(try await store.inbox(of: held[index].lease.runID))
            case .recountInbox: return "the inbox's count is wrong"
            case .commit(let commit):
                let children = children(of: commit, now)
                let committed = try await store.commit(commit, children: children, engine: held[index].engine)
                if case .written = committed { runs += children.map(\.fresh.id) }
                sent.append((commit, children, held[index].engine))
                words.append(committed.words)
                held[index].session.stored(CommitVerdict(committed))
            case .think: return "no effort is too much"
            case .execute(let commands):
                let calls = commands.compactMap { command -> String? in
                    if case .call(let call) = command { "\(call.step) \(call.action) \(call.attempt)" } else { nil }
                }
                words.append("calls \(calls)")
                return words.joined(separator: ", ")
            case .end(let end):
                if case .giveBack = end { try await store.release(held[index].lease, engine: held[index].engine) }
                held.remove(at: index)
                words.append("\(end)")
                return words.joined(separator: ", ")
            }
        }
    }
}

extension Int {
    /// One of them, whatever the number; nil when there are none.
    fileprivate func place(in items: [some Any]) -> Int? { items.isEmpty ? nil : self % items.count }
}

extension CommitVerdict {
    fileprivate init(_ committed: MemoryStore.Committed) {
        switch committed {
        case .written(let unread, let at): self = .written(unread: unread, at: at)
        case .inboxFirst: self = .inboxFirst
        case .leaseLost: self = .leaseLost
        case .duplicate: self = .unavailable("its events are there already")
        }
    }
}
