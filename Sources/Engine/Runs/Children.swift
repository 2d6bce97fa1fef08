import Core
import Storage

// Runs that steps start. Which version a child is of, and whether it may be started, is known where its parent's decision is
// written; a refusal goes back to the decider, which ends the step by it.

/// What became of the children that a decision starts.
enum ResolvedChildren {
    case ready([NewChild])
    /// By step.
    case refused([Int: Failure])
    /// The store could not be asked.
    case unavailable(String)
}

/// A child can't be started.
private struct ChildRefusal: Error {
    let failure: Failure

    /// - Parameter pointer: in the definition, below `run`.
    init(_ start: ChildStart, _ reason: String, at pointer: JSONPointer = .root, response: JSON? = nil) {
        let place = JSONPointer(["steps", String(start.place), "run"]).appending(pointer)
        failure = Failure(
            kind: Failure.rejectedKind, message: "The child run was refused: \(reason)", response: response,
            pointer: place.description)
    }
}

extension EngineContext {
    /// The runs that a decision starts, ready to be written; or why some can't be.
    func children(of commit: SessionCommit, _ trace: RunTrace, now: Instant) async -> ResolvedChildren {
        var ready: [NewChild] = []
        var refusals: [Int: Failure] = [:]
        for start in commit.childStarts {
            do {
                ready.append(try await child(start, of: commit.after, trace, now: now))
            } catch let refusal as ChildRefusal {
                refusals[start.step] = refusal.failure
            } catch {
                return .unavailable("\(error)")
            }
        }
        for calls in commit.endCalls { ready.append(endCalls(calls.run, calls.link, trace)) }
        return refusals.isEmpty ? .ready(ready) : .refused(refusals)
    }

    /// Engines that hold who was told something look at once, and others for what is due.
    func wakeOthers(_ rows: RunCommit) {
        wakeUp.ring()
        notifier.wake()
        for message in rows.messages { notifier.inboxFilled(message.runID) }
    }

    /// - Throws: `ChildRefusal`, or that the store can't be asked.
    private func child(
        _ start: ChildStart, of parent: Run, _ trace: RunTrace, now: Instant
    ) async throws -> NewChild {
        let context = try self.context(of: start, of: parent)
        let tenantID = Self.tenantID(of: context)
        let definition = try await definition(of: start, for: tenantID)
        let pause: WorkflowPause?
        do throws(DefinitionProblem) { pause = try await definitions.pause(of: definition) } catch { throw error }
        if let pause, pause.starts == .refuse {
            throw ChildRefusal(start, "\(pause.by) has paused the workflow: \(pause.reason)")
        }
        if let schema = definition.contract.schema { try await check(start, schema) }
        let new = NewRun(
            run: Run(
                id: start.runID, definition: definition, input: start.values.input, context: context, createdAt: now),
            tenantID: tenantID,
            correlationID: context["correlationId"]?.string ?? trace.correlationID,
            // A step whose child is detached is over at once, and has no span.
            traceparent: start.link.isDetached
                ? trace.runHeader
                : trace.header(of: trace.attempt(step: start.step, action: .execute, attempt: 1)),
            idempotency: nil, pause: pause, parent: start.link)
        guard new.weight <= Run.maxWeight else {
            throw ChildRefusal(
                start, "the values of input and context take more than \(Run.maxWeight >> 20) MiB of memory.")
        }
        return NewChild(new, link: start.link)
    }

    /// The run that makes the calls after an end. Nothing refuses it: it is of the very workflow, and nobody waits for it.
    private func endCalls(_ run: Run, _ link: ParentLink, _ trace: RunTrace) -> NewChild {
        let new = NewRun(
            run: run, tenantID: Self.tenantID(of: run.context),
            correlationID: run.context["correlationId"]?.string ?? trace.correlationID,
            traceparent: trace.runHeader, idempotency: nil, parent: link)
        return NewChild(new, link: link)
    }

    /// Whose a run is, by its context: whoever starts one puts it there.
    private static func tenantID(of context: JSON) -> String { context["tenantId"]?.string ?? "default" }

    /// What the tenant's own starts would be of, when the child is started.
    private func definition(of start: ChildStart, for tenantID: String) async throws -> WorkflowDefinition {
        do throws(DefinitionProblem) {
            return try await definitions.definition(start.workflow, version: start.version, for: tenantID)
        } catch {
            let name = start.version.map { "\(start.workflow) \($0)" } ?? start.workflow
            let place = JSONPointer([start.version == nil ? "workflow" : "version"])
            switch error {
            case .unknown: throw ChildRefusal(start, "there is no workflow \(name).", at: place)
            case .onlyDeprecated:
                throw ChildRefusal(start, "every release of \(name) is deprecated.", at: place)
            case .unreadable(let reason):
                throw ChildRefusal(start, "the stored definition of \(name) can't be read: \(reason)", at: place)
            case .store: throw error
            }
        }
    }

    private func check(_ start: ChildStart, _ schema: InputSchema) async throws {
        let input = start.values.input
        var operations = InputSchema.briefOperations
        var verdict = schema.verdict(on: input, operations: &operations)
        if verdict == .tooCostly {
            verdict = await withTaskExecutorPreference(globalConcurrentExecutor) {
                var operations = InputSchema.maxOperations
                return schema.verdict(on: input, operations: &operations)
            }
        }
        switch verdict {
        case .valid: return
        case .invalid(let breaches, _):
            let places = breaches.map { breach -> JSON in
                [
                    "pointer": .string(JSONPointer(["input"]).appending(breach.pointer).description),
                    "detail": .string(breach.detail),
                ]
            }
            let first = breaches.first.map { " \($0.pointer): \($0.detail)" } ?? ""
            throw ChildRefusal(
                start, "its input breaks the inputSchema of \(start.workflow).\(first)", at: JSONPointer(["input"]),
                response: ["errors": .array(places)])
        case .tooCostly, .tooDeep:
            throw ChildRefusal(
                start, "its input can't be checked against the inputSchema of \(start.workflow).",
                at: JSONPointer(["input"]))
        }
    }

    /// The child's context. What it does not say of tenant and correlation id is as its parent's.
    private func context(of start: ChildStart, of parent: Run) throws -> JSON {
        let given = start.values.context ?? .object(JSONObject())
        guard var members = given.object else {
            throw ChildRefusal(start, "its context is no object.", at: JSONPointer(["context"]))
        }
        for key in ["tenantId", "correlationId"] {
            guard let label = members[key] else {
                members[key] = parent.context[key]
                continue
            }
            guard let text = label.string, ClientLabel.isValid(text) else {
                throw ChildRefusal(start, "\(key) must be \(ClientLabel.rule).", at: JSONPointer(["context", key]))
            }
            if key == "tenantId", text != Self.tenantID(of: parent.context) {
                throw ChildRefusal(
                    start, "it would be of another tenant than its parent.", at: JSONPointer(["context", key]))
            }
        }
        return .object(members)
    }
}
