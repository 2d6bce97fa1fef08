import Core
import Storage

/// Says what runs wait for, as far as the database and the engines' heartbeats tell.
struct WaitingFor: Sendable {
    let reader: RunReader
    let definitions: DefinitionStore
    let engines: EngineReports

    /// `waitingFor` of each run: null for those that are over, or move just now.
    ///
    /// - Parameter sight: what the caller sees of payloads: why a step gave up may repeat some.
    func json(of runs: [RunHead], for sight: PayloadSight) async throws(StoreError) -> [RunID: JSON] {
        let open = runs.filter { $0.status.map { !$0.isTerminal || $0 == .failed } ?? false }
        guard !open.isEmpty else { return [:] }
        let live = try await reader.live(open.map(\.runID))
        var waits: [RunID: JSON] = [:]
        for run in open where run.status == .failed { waits[run.runID] = Self.person(run) }
        let reports = await live.isEmpty ? EngineReports.Told() : engines.told
        let children = try await reader.statuses(of: live.compactMap { $0.child?.child.runID })
        for run in live {
            let definition = try await definition(run.definitionID)
            waits[run.runID] = .object(Self.wait(of: run, definition, reports, children, sight))
        }
        return waits
    }

    /// The definition of a run; nil when it can't be read.
    func definition(of run: RunHead) async throws(StoreError) -> WorkflowDefinition? {
        try await definition(run.definitionID)
    }

    private func definition(_ id: DefinitionID) async throws(StoreError) -> WorkflowDefinition? {
        do throws(DefinitionProblem) { return try await definitions.definition(ofRun: id) } catch {
            if case .store(let error) = error { throw error }
            return nil  // its engine will say so; here it only means not to know timeouts
        }
    }

    private static func person(_ run: RunHead) -> JSON {
        [
            "kind": "operator",
            "reason": .string(run.isQuarantined ? "the run was quarantined" : "a compensation gave up"),
        ]
    }

    private static func wait(
        of run: QuietRun, _ definition: WorkflowDefinition?, _ engines: EngineReports.Told, _ children: [RunID: String],
        _ sight: PayloadSight
    ) -> JSONObject {
        switch run.reason(quietFor: .seconds(3600), definition: definition) {
        case .waiting(let wait):
            if let step = definition?.step(of: wait.stepID), case .signal = step.action {
                return signal(wait.stepID, wait.until, step, of: run)
            }
            return retry(wait, of: run, definition, engines)
        case .paused(let pause):
            return [
                "kind": "paused", "since": RunJSON.time(pause.since), "by": .string(pause.by),
                "reason": JSON(pause.reason),
            ]
        case .waitingForPerson(let stepID, let error):
            return [
                "kind": "operator", "stepId": .string(stepID), "since": RunJSON.time(run.lastEventAt),
                "reason": .string(error.map(sight.message) ?? "a step past the pivot gave up"),
            ]
        case .waitingForSignal(let stepID, let until):
            return signal(stepID, until, definition?.step(of: stepID), of: run)
        case .waitingForChild(let stepID, let child, let until):
            var object: JSONObject = [
                "kind": "child", "stepId": .string(stepID), "runId": .string(child.runID.description),
                "workflow": .string(child.workflow),
            ]
            if let status = children[child.runID] { object["status"] = .string(status) }
            object["since"] = RunJSON.time(run.lastEventAt)
            object["until"] = until.map { RunJSON.time($0) }
            return object
        case .waitingForCallback(let stepID, let action, let until):
            let participant = definition?.step(of: stepID)?.call(of: action)?.participant.only
            return [
                "kind": "callback", "stepId": .string(stepID), "action": .string(action.rawValue),
                "participant": JSON(participant), "since": RunJSON.time(run.lastEventAt), "until": RunJSON.time(until),
            ]
        case .waitingForLook(let stepID, let action, let look):
            let call = definition?.step(of: stepID)?.call(of: action)
            var object: JSONObject = [
                "kind": "poll", "stepId": .string(stepID), "action": .string(action.rawValue),
                "participant": JSON(call?.participant.only),
                "since": (call?.completion?.timeout).map { RunJSON.time(look.until - $0) } ?? .null,
                "until": RunJSON.time(look.until), "nextLook": RunJSON.time(look.at),
            ]
            if look.failures > 0 { object["failedLooks"] = JSON(look.failures) }
            return object
        case .delayed(let until): return ["kind": "timer", "until": RunJSON.time(until)]
        case .waitingForDeadline(let deadline):
            return ["kind": "deadline", "until": RunJSON.time(deadline)]
        case .calling(let call, let until):
            return self.call(call, until, of: run, definition, engines)
        case .callHangs(let call, _, let overdueSince):
            var object = self.call(call, overdueSince, of: run, definition, engines)
            // A call that waits for the end of a pause has not begun.
            if object["participantPaused"] == nil { object["isOverdue"] = true }
            return object
        case .aboutToBeClaimed(let since), .unclaimed(let since, _):
            return ["kind": "engine", "since": RunJSON.time(since), "liveEngines": JSON(run.liveEngines)]
        case .locked:
            return ["kind": "engine", "since": RunJSON.time(run.availableAt), "liveEngines": JSON(run.liveEngines)]
        case .holderGone(let holder, let leaseUntil):
            return [
                "kind": "takeover", "engine": .string(holder.engine.description), "until": RunJSON.time(leaseUntil),
                "liveEngines": JSON(run.liveEngines),
            ]
        case .holderIdle(let holder):
            return [
                "kind": "engine", "since": RunJSON.time(run.lastEventAt), "engine": .string(holder.engine.description),
                "liveEngines": JSON(run.liveEngines),
            ]
        case .parked(let until):
            return ["kind": "engine", "until": RunJSON.time(until), "liveEngines": JSON(run.liveEngines)]
        }
    }

    private static func signal(
        _ stepID: String, _ until: Instant?, _ step: StepDefinition?, of run: QuietRun
    ) -> JSONObject {
        var object: JSONObject = ["kind": "signal", "stepId": .string(stepID)]
        if case .signal(let awaited) = step?.action { object["name"] = .string(awaited.signal) }
        object["since"] = RunJSON.time(run.lastEventAt)
        object["until"] = until.map { RunJSON.time($0) }
        return object
    }

    private static func retry(
        _ wait: QuietRun.Wait, of run: QuietRun, _ definition: WorkflowDefinition?, _ engines: EngineReports.Told
    ) -> JSONObject {
        let step = definition?.step(of: wait.stepID)
        if let step, step.action.call == nil {
            return ["kind": "timer", "stepId": .string(wait.stepID), "until": RunJSON.time(wait.until)]
        }
        let participant = step?.call(of: wait.action)?.participant.only
        var object: JSONObject = [
            "kind": "retry", "stepId": .string(wait.stepID), "action": .string(wait.action.rawValue),
            "until": RunJSON.time(wait.until),
        ]
        guard let participant else { return object }
        object["participant"] = .string(participant)
        let told = engines.reports(of: participant, for: run.tenantID)
        if told.contains(where: { $0["breaker"]?.string == "open" }) { object["kind"] = "breaker" }
        if told.contains(where: { $0["paused"] == true }) { object["participantPaused"] = true }
        // What one engine lacks another may have: the run waits for that one.
        let lacks = told.lazy.compactMap { $0["lacks"]?.string }.first
        if let lacks { object["lacks"] = .string(lacks) }
        return object
    }

    /// A call that was begun: it is under way, or waits in its engine for the participant's breaker, its
    /// limits (`maxConcurrent`, `rate`), or the end of its pause.
    private static func call(
        _ call: QuietRun.OpenCall, _ until: Instant, of run: QuietRun, _ definition: WorkflowDefinition?,
        _ engines: EngineReports.Told
    ) -> JSONObject {
        let step = definition?.step(of: call.stepID)
        let participant = step?.call(of: call.action)?.participant.only
        let engine = run.holder?.engine
        var object: JSONObject = [
            "kind": "call", "stepId": .string(call.stepID), "action": .string(call.action.rawValue),
            "participant": JSON(participant), "since": RunJSON.time(call.begunAt), "until": RunJSON.time(until),
            "engine": JSON(engine?.description),
        ]
        if let held = held(up: call, of: run) { object["holdsUp"] = .string(held) }
        guard let participant, let told = engines.report(of: participant, for: run.tenantID, by: engine) else {
            return object
        }
        // Which call waits is not told, only how many.
        if let queued = told["queued"]?.int, queued > 0 { object["queued"] = JSON(queued) }
        if let waiting = told["waiting"]?.int, waiting > 0 { object["waitingForBreaker"] = JSON(waiting) }
        if told["paused"] == true {
            object["participantPaused"] = true
            object["held"] = JSON(told["held"]?.int ?? 0)
        }
        return object
    }

    /// What begins when the call is over: a call that is under way is never broken off.
    private static func held(up call: QuietRun.OpenCall, of run: QuietRun) -> String? {
        guard call.action == .execute else { return nil }
        switch run.cause {
        case .cancelRequested: return "cancel"
        case .deadlineExceeded: return "deadline"
        case .stepFailed, .quarantined, .undoRequested: return "compensation"
        case nil: break
        }
        if run.hasUnreadCancel { return "cancel" }
        if run.marks.hasMissedDeadline { return nil }
        return run.deadlineAt.map { $0 <= run.now } == true ? "deadline" : nil
    }
}
