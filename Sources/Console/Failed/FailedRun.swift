package import Core

/// A FAILED run, as the list of them has it.
package struct FailedRun: Sendable, Hashable {
    package let run: RunSummary
    package let isQuarantined: Bool
    /// The undos that gave up.
    package let steps: [Step]
    /// Something is asked of it already.
    package let isRequested: Bool

    package struct Step: Sendable, Hashable {
        package let id: String
        package let error: RunSummary.Problem?
    }

    package init?(_ json: JSON) {
        guard let run = RunSummary(json) else { return nil }
        self.run = run
        isQuarantined = json["quarantined"]?.bool ?? run.isQuarantined
        steps =
            json["failedSteps"]?.array?.compactMap { step in
                step["stepId"]?.string.map { Step(id: $0, error: RunSummary.Problem(step["error"])) }
            } ?? []
        isRequested = json["requested"]?.bool ?? false
    }

    /// What it has in common with others that fail for the same reason.
    package var group: FailedGroup.Key { FailedGroup.Key(of: run.error, workflow: run.workflow) }
}

/// FAILED runs that fail at the same place for the same reason.
package struct FailedGroup: Sendable {
    package struct Key: Sendable, Hashable {
        package let workflow: String
        /// Nil: quarantined.
        package let stepID: String?
        package let error: String

        package init(workflow: String, stepID: String?, error: String) {
            self.workflow = workflow
            self.stepID = stepID
            self.error = error
        }

        /// - Parameter problem: what the run ended with.
        package init(of problem: RunSummary.Problem?, workflow: String) {
            self.workflow = workflow
            stepID = problem?.stepID.map { StepID.step($0) }
            var text = problem?.text[...] ?? ""
            // The step stands beside it anyway.
            if let range = text.firstRange(of: Failure.mayStand) { text = text[range.upperBound...] }
            error = FailedGroup.pattern(String(text))
        }

        package var members: [(String, String?)] { [("workflow", workflow), ("stepId", stepID), ("error", error)] }
    }

    package let key: Key
    package let count: Int
    package let newestAt: Instant?
    /// Some of them, the newest first.
    package let runIDs: [String]

    /// As the API answers it.
    package init?(_ json: JSON) {
        guard let workflow = json["workflow"]?.string, let error = json["error"]?.string,
            let count = json["count"]?.int
        else { return nil }
        key = Key(workflow: workflow, stepID: json["stepId"]?.string, error: error)
        self.count = count
        newestAt = json["newestAt"]?.string.flatMap { Instant($0) }
        runIDs = json["runIds"]?.array?.compactMap(\.string) ?? []
    }

    /// A message without what differs between two of the same: numbers and ids are `…`.
    package static func pattern(_ message: String) -> String {
        var pattern = ""
        for word in message.prefix(300).split(separator: " ", omittingEmptySubsequences: false) {
            if !pattern.isEmpty { pattern += " " }
            let isVarying = word.contains(where: \.isNumber) && !word.hasPrefix("HTTP")
            // Status codes are what such errors are told apart by.
            let bare = word.prefix { !".,:;".contains($0) }
            pattern += isVarying && !(bare.count == 3 && bare.allSatisfy(\.isNumber)) ? "…" : word
        }
        return pattern
    }
}
