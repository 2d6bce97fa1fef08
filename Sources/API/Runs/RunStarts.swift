import Core
import Storage

/// Starts runs: what a single start and each line of a bulk start have in common.
struct RunStarts: Sendable {
    let definitions: DefinitionStore
    let admission: TenantAdmission
    let starter: RunStarter
    let notifier: OutboxNotifier
    let ids: RunIDSource
    let reader: RunReader
    /// How long idempotency keys are remembered.
    let keyLifetime: Duration
    let metrics: APIMetrics

    /// A start that is committed.
    struct Accepted: Sendable {
        let runID: RunID
        let status: RunStatus
        /// It was started before under the same key.
        let isReplay: Bool
        /// Of the version that was asked for.
        let deprecation: Deprecation?
    }

    /// Writes the run, or finds the one its key stands for.
    ///
    /// - Throws: `Problem`, `DefinitionProblem` or `StoreError`; of these only `StoreError.overloaded` says that surely
    ///   nothing was written and the same may be tried again.
    func start(_ asked: StartRequest) async throws -> Accepted {
        let ticket: TenantAdmission.Ticket?
        do {
            ticket = try await admission.admit(asked.tenantID) { asked.input.bytes.count + asked.context.bytes.count }
        } catch let problem as Problem {
            // What was accepted before is answered as it was then; who is too fast is to come again, not to ask the database.
            if problem.kind != .rateLimited, let known = try await accepted(asked, nil) { return known }
            throw problem
        }
        let (definition, deprecation) = try await definition(for: asked)
        let pause = try await definitions.pause(of: definition)
        if let pause, pause.starts == .refuse {
            // What was accepted before is answered as it was then.
            if let known = try await accepted(asked, deprecation) { return known }
            throw Problem(.workflowPaused, "Nothing was written. \(pause.by) has paused it: \(pause.reason)")
        }
        if let schema = definition.contract.schema, let problem = await InputCheck.problem(asked.input, schema) {
            // What an earlier version has accepted is answered as it was then.
            if let known = try await accepted(asked, deprecation) { return known }
            throw problem
        }
        let (id, now) = try await ids.next()
        let new = NewRun(
            run: Run(id: id, definition: definition, input: asked.input, context: asked.context, createdAt: now),
            startAt: try Self.time(asked.begin, now), tenantID: asked.tenantID,
            lane: try await admission.lane(of: asked.tenantID, priority: asked.priority),
            correlationID: asked.correlationID,
            traceparent: asked.origin.traceparent,
            idempotency: asked.key.map {
                NewRun.Idempotency(key: $0.text, requestHash: $0.requestHash, lifetime: keyLifetime)
            }, pause: pause)
        try Self.check(new)
        switch try await starter.submit(new) {
        case .started:
            ticket?.use()
            metrics.countStart(of: new.run)
            notifier.wake()
            return Accepted(runID: id, status: new.run.status, isReplay: false, deprecation: deprecation)
        case .replayed(let known): return try await replay(known, deprecation)
        case .keyReused: throw Self.keyReused
        }
    }

    /// What is larger than a run may be is not written.
    static func check(_ new: NewRun) throws(Problem) {
        guard new.weight <= Run.maxWeight else {
            throw Problem(
                .invalidContent, "The values of input and context take more than \(Run.maxWeight >> 20) MiB of memory.")
        }
        if let refusal = new.run.outputRefusal {
            throw Problem(
                .invalidContent, "The run would be over at once, and its output can't be built.",
                places: [Problem.Place(pointer: refusal.pointer, detail: refusal.message)])
        }
    }

    /// When the run is to begin; what is over is at once.
    private static func time(_ begin: StartRequest.Begin?, _ now: Instant) throws(Problem) -> Instant? {
        switch begin {
        case nil: return nil
        case .after(let delay): return now + delay
        case .at(let time):
            guard time <= now + StartRequest.longestDelay else {
                let longest = DurationText.format(StartRequest.longestDelay)
                throw .content(JSONPointer(["startAt"]), "This is more than \(longest) from now.")
            }
            return time
        }
    }

    /// The run that the request's key stands for; nil when it stands for none.
    private func accepted(_ asked: StartRequest, _ deprecation: Deprecation?) async throws -> Accepted? {
        try await accepted(asked.key, of: asked.tenantID, deprecation)
    }

    func accepted(
        _ key: StartRequest.Key?, of tenantID: String, _ deprecation: Deprecation?
    ) async throws -> Accepted? {
        guard let key, let found = try await starter.find(KeyID(tenantID: tenantID, key: key.text)) else { return nil }
        guard found.requestHash == key.requestHash else { throw Self.keyReused }
        return try await replay(found.runID, deprecation)
    }

    private func replay(_ runID: RunID, _ deprecation: Deprecation?) async throws -> Accepted {
        guard let status = try await reader.status(of: runID) else {
            throw Problem(.unknownRun, "The run this key stands for has been removed.")
        }
        return Accepted(runID: runID, status: status, isReplay: true, deprecation: deprecation)
    }

    private static let keyReused = Problem(.keyReused, "Use a new Idempotency-Key for another request.")

    private func definition(
        for asked: StartRequest
    ) async throws(DefinitionProblem) -> (WorkflowDefinition, Deprecation?) {
        let definition = try await definitions.definition(
            asked.origin.workflow, version: asked.version, for: asked.tenantID)
        return (definition, asked.version == nil ? nil : try await definitions.deprecation(of: definition))
    }
}
