import Core

/// Whether a start's input keeps to what its workflow says of inputs.
enum InputCheck {
    /// Why it is refused; nil when it is not.
    ///
    /// An event loop spends a millisecond or two; what takes longer is done elsewhere.
    static func problem(_ input: JSON, _ schema: InputSchema) async -> Problem? {
        var operations = InputSchema.briefOperations
        let verdict = schema.verdict(on: input, operations: &operations)
        guard verdict == .tooCostly else { return problem(verdict) }
        return problem(
            await withTaskExecutorPreference(globalConcurrentExecutor) {
                var operations = InputSchema.maxOperations
                return schema.verdict(on: input, operations: &operations)
            })
    }

    private static func problem(_ verdict: InputSchema.Verdict) -> Problem? {
        switch verdict {
        case .valid: return nil
        case .invalid(let breaches, let isCut):
            let most = isCut ? "at least " : ""
            return Problem(
                .inputInvalid, "The input breaks the workflow's inputSchema in \(most)\(breaches.count) place(s).",
                places: breaches.map { breach in
                    Problem.Place(
                        pointer: JSONPointer(["input"]).appending(breach.pointer), detail: breach.detail,
                        schema: JSONPointer(["inputSchema"]).appending(breach.schema))
                })
        case .tooCostly: return whole("Checking it takes more than \(InputSchema.maxOperations) operations.")
        case .tooDeep:
            return whole("Checking it takes more than \(InputSchema.maxDepth) schemas within each other.")
        }
    }

    private static func whole(_ detail: String) -> Problem {
        Problem(
            .inputInvalid, "The input can't be checked against the workflow's inputSchema.",
            places: [
                .init(pointer: JSONPointer(["input"]), detail: detail, schema: JSONPointer(["inputSchema"]))
            ])
    }
}
