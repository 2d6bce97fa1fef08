import Core
import Storage

/// Does runs anew that are over.
struct RunRestarts: Sendable {
    let starts: RunStarts
    let restarter: RunRestarter
    /// One run after the other is read whole.
    private let room = ByteRoom(Run.maxWeight)
    /// How often a run that moves under our hands is looked at again.
    private static let looks = 10

    init(starts: RunStarts, restarter: RunRestarter) {
        self.starts = starts
        self.restarter = restarter
    }

    func restart(_ asked: RestartRequest, from origin: CallOrigin) async throws -> RunStarts.Accepted {
        try await room.hold(Run.maxWeight) {
            for _ in 0..<Self.looks {
                let old: EndedRun?
                do { old = try await restarter.find(asked.runID) } catch let error as UnreadableRun {
                    throw Problem(.notRestartable, "The run can't be read: \(error)")
                }
                guard let old else { throw Problem.unknownRun }
                // What was accepted before is answered as it was then, whatever stands in the way now.
                if let known = try await starts.accepted(asked.key, of: old.tenantID, nil) { return known }
                let ticket = try await starts.admission.admit(old.tenantID) { 0 }
                let (new, restart) = try await made(asked, of: old)
                switch try await restarter.submit(
                    new, restart, of: old, detail: Self.detail(asked, new.run), origin: origin)
                {
                case .started:
                    ticket?.use()
                    starts.metrics.countStart(of: new.run)
                    starts.notifier.wake()
                    return RunStarts.Accepted(
                        runID: new.run.id, status: new.run.status, isReplay: false, deprecation: nil)
                case .keyTaken, .moved: continue
                }
            }
            throw Problem(
                .notReady, "The run can't be restarted just now; nothing was written. Send the same again later.")
        }
    }

    /// The new run, with what it takes over.
    private func made(_ asked: RestartRequest, of old: EndedRun) async throws -> (NewRun, Restart) {
        let definition = try await definition(asked, old)
        var fromStep: Int?
        if let stepID = asked.fromStep {
            guard let step = definition.step(stepID) else {
                throw Problem.content(
                    JSONPointer(["fromStep"]),
                    "\(definition.name) \(definition.versionText) has no step \"\(stepID)\".")
            }
            fromStep = step.index
        }
        if definition.isOnEnd, asked.input != nil {
            throw Problem.content(
                JSONPointer(["input"]), "What these calls know is noted of the run that has ended, and is no input.")
        }
        let pause = try await starts.definitions.pause(of: definition)
        if let pause, pause.starts == .refuse {
            throw Problem(.workflowPaused, "Nothing was written. \(pause.by) has paused it: \(pause.reason)")
        }
        let input = asked.input ?? old.run.input
        if let schema = definition.contract.schema, let problem = await InputCheck.problem(input, schema) {
            // Where the run's own input breaks the rules, the places tell of it.
            guard asked.input != nil || asked.sight == .everything else { throw Problem(problem.kind, problem.detail) }
            throw problem
        }
        let kept = try old.run.keptSteps(for: definition, from: fromStep, repeats: asked.repeats)
        let restart = Restart(
            run: old.run.id, fromStep: fromStep, by: asked.by, reason: asked.reason, kept: kept)
        let (id, now) = try await starts.ids.next()
        let new = NewRun(
            run: Run(id: id, definition: definition, input: input, context: old.run.context, createdAt: now),
            tenantID: old.tenantID,
            lane: try await starts.admission.lane(of: old.tenantID, priority: old.lane?.priority),
            correlationID: old.correlationID, traceparent: asked.traceparent,
            idempotency: asked.key.map {
                NewRun.Idempotency(key: $0.text, requestHash: $0.requestHash, lifetime: starts.keyLifetime)
            }, pause: pause, restart: restart)
        try RunStarts.check(new)
        return (new, restart)
    }

    /// The run's own, or the version that is asked for, as its tenant's starts find it.
    private func definition(_ asked: RestartRequest, _ old: EndedRun) async throws -> WorkflowDefinition {
        let own = old.run.definition
        guard let version = asked.version else { return own }
        let name = WorkflowDefinition.registered(own.name) ?? own.name
        do throws(DefinitionProblem) {
            let found = try await starts.definitions.definition(name, version: version, for: old.tenantID)
            guard own.isOnEnd else { return found }
            guard let calls = found.onEnd else { throw .unknown }
            return calls
        } catch {
            guard case .unknown = error else { throw error }
            throw Problem.content(JSONPointer(["version"]), "No version \(version) of \(own.name) is registered.")
        }
    }

    /// What the audit says, beside who asked and of which run.
    private static func detail(_ asked: RestartRequest, _ new: Run) -> JSON {
        var members: JSONObject = ["runId": .string(new.id.description), "reason": .string(asked.reason)]
        if let fromStep = asked.fromStep { members["fromStep"] = .string(fromStep) }
        if let version = asked.version { members["version"] = .string(version) }
        if asked.repeats { members["repeat"] = true }
        return .object(members)
    }
}
