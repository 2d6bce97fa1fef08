package import Core
package import Storage
import Synchronization

extension WorkflowDefinition {
    /// `step-1` → `step-2` → … , each with a compensation, retries 1 ms apart.
    ///
    /// - Parameters:
    ///   - count: how many steps.
    ///   - maxAttempts: of actions and compensations.
    ///   - timeout: of the whole run, as a definition writes it.
    ///   - backoff: the wait before the second attempt, as a definition writes it.
    ///   - isCompensated: false for steps that can't be undone.
    package static func sampleChain(
        _ count: Int = 3, name: String = "sample-chain", version: String = "1.0.0", maxAttempts: Int = 3,
        timeout: String? = nil, backoff: String = "1ms", isCompensated: Bool = true
    ) throws -> WorkflowDefinition {
        let steps = (1...count).map { sampleStep("step-\($0)", isCompensated: isCompensated) }
        return try sample(
            name: name, version: version, steps: steps, maxAttempts: maxAttempts, timeout: timeout, backoff: backoff)
    }

    /// `first` → (`left`, `right`) → `last`, each with a compensation.
    package static func sampleDiamond(
        name: String = "sample-diamond", version: String = "1.0.0", maxAttempts: Int = 3
    ) throws -> WorkflowDefinition {
        let steps = [
            sampleStep("first", after: []), sampleStep("left", after: ["first"]), sampleStep("right", after: ["first"]),
            sampleStep("last", after: ["left", "right"]),
        ]
        return try sample(name: name, version: version, steps: steps, maxAttempts: maxAttempts)
    }

    /// Any steps, as a definition writes them.
    package static func sample(
        name: String, version: String = "1.0.0", steps: [JSON], maxAttempts: Int = 3, timeout: String? = nil,
        backoff: String = "1ms"
    ) throws -> WorkflowDefinition {
        let retry: JSON = [
            "maxAttempts": JSON(maxAttempts), "initialInterval": .string(backoff), "maxInterval": "1h", "multiplier": 1,
            "jitter": 0,
        ]
        // Compensations don't inherit: unless told otherwise they are tried longer than actions.
        let steps = steps.map { step in
            guard var members = step.object, var compensation = members["compensation"]?.object else { return step }
            compensation["retry"] = compensation["retry"] ?? retry
            members["compensation"] = .object(compensation)
            return .object(members)
        }
        var members: JSONObject = [
            "name": .string(name), "version": .string(version), "steps": .array(steps), "retry": retry,
        ]
        if let timeout { members["timeout"] = .string(timeout) }
        return try WorkflowDefinition(.object(members))
    }

    /// A step of participant `demo` at `/ID`, undone at `/undo-ID`.
    ///
    /// - Parameters:
    ///   - dependencies: nil for the step before it.
    ///   - condition: JsonLogic.
    package static func sampleStep(
        _ id: String, after dependencies: [String]? = nil, when condition: JSON? = nil, isCompensated: Bool = true
    ) -> JSON {
        var step: JSONObject = [
            "id": .string(id), "action": ["participant": "demo", "path": .string("/\(id)")],
        ]
        if let dependencies { step["dependsOn"] = .array(dependencies.map { .string($0) }) }
        if let condition { step["when"] = condition }
        if isCompensated { step["compensation"] = ["participant": "demo", "path": .string("/undo-\(id)")] }
        return .object(step)
    }
}

extension WorkflowDefinition {
    /// The same as it is when a tenant registers it for itself.
    package func owned(by tenantID: String) throws -> WorkflowDefinition {
        try WorkflowDefinition(source, owner: .tenant(tenantID))
    }
}

extension DefinitionID {
    package static func shared(_ name: String, _ version: String) -> DefinitionID {
        DefinitionID(owner: .shared, name: name, version: version)
    }
}

extension RunID {
    private static let generator = Mutex(RunIDGenerator())

    /// A fresh id, greater than all before it in this process.
    package static func sample() -> RunID {
        generator.withLock { generator in
            var random = SystemRandomNumberGenerator()
            return generator.next(milliseconds: UInt64(Instant.now.microseconds / 1000), using: &random)
        }
    }
}

extension EngineID {
    /// A fresh id.
    package static func sample() -> EngineID {
        let id = RunID.sample()
        return EngineID(high: id.high, low: id.low)
    }
}

extension ParticipantID: ExpressibleByStringInterpolation {
    /// A shared participant.
    package init(stringLiteral name: String) { self.init(name, of: .shared) }
}

extension NewRun {
    /// A run of this definition, as the API makes it.
    package static func sample(
        _ definition: WorkflowDefinition, id: RunID = .sample(), input: JSON = ["orderId": "o-1"],
        startAt: Instant? = nil, tenantID: String = "default", lane: Lane? = nil,
        correlationID: String? = nil, traceparent: String? = nil,
        idempotency: Idempotency? = nil, pause: WorkflowPause? = nil, restart: Restart? = nil
    ) -> NewRun {
        NewRun(
            run: Run(
                id: id, definition: definition, input: input,
                context: tenantID == "default" ? [:] : ["tenantId": .string(tenantID)], createdAt: .now),
            startAt: startAt, tenantID: tenantID, lane: lane, correlationID: correlationID, traceparent: traceparent,
            idempotency: idempotency, pause: pause, restart: restart)
    }
}
