/// What a call can name: what the run knows, and its own attempt.
package struct CallScope: Scope {
    package let run: Run
    package let call: Command.Call
    /// By name; what the engine was given.
    package let secrets: [String: [UInt8]]

    package init(_ run: Run, _ call: Command.Call, secrets: [String: [UInt8]] = [:]) {
        self.run = run
        self.call = call
        self.secrets = secrets
    }

    /// The same with other secrets.
    package func with(secrets: [String: [UInt8]]) -> CallScope { CallScope(run, call, secrets: secrets) }

    package func value(_ root: Reference.Root) -> JSON? {
        switch root {
        case .attempt(.attempt): JSON(call.attempt)
        case .attempt(.key): .string(run.idempotencyKey(of: call))
        case .attempt(.id): .string(run.stepID(call.step))
        case .run(.id) where !run.definition.isOnEnd: .string(run.caller(of: call).description)
        case .input, .context, .run, .step, .response, .payload, .item, .index:
            StepScope(run: run, step: call.step).value(root)
        }
    }

    package func secret(_ name: String) -> [UInt8]? { secrets[name] }

    /// A secret that the call needs and that is not there, if any.
    package func missingSecret(of definition: CallDefinition) -> String? {
        definition.secrets.filter { secrets[$0] == nil }.min()
    }
}

/// What can be named where an answer is judged and its output made.
struct AnswerScope: Scope {
    let scope: CallScope
    let status: Int
    /// In lower case; those that the call names.
    let headers: [String: String]
    let body: JSON

    func value(_ root: Reference.Root) -> JSON? {
        switch root {
        case .response(.status): JSON(status)
        case .response(.body): body
        case .response(.header(let name)): headers[name].map { .string($0) }
        case .input, .context, .run, .step, .attempt, .payload, .item, .index: scope.value(root)
        }
    }
}
