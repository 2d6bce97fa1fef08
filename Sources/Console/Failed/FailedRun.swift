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
    package var group: FailedGroup.Key {
        let step = steps.first
        let error = step?.error ?? run.error
        return FailedGroup.Key(
            workflow: run.workflow, stepID: step.map { StepID.step($0.id) },
            error: FailedGroup.pattern(error?.text ?? ""))
    }
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

        var members: [(String, String?)] { [("workflow", workflow), ("stepId", stepID), ("error", error)] }
    }

    package let key: Key
    package fileprivate(set) var runs: [FailedRun]

    /// The largest first; of those that are as large the one with the newest run.
    package static func groups(of runs: [FailedRun]) -> [FailedGroup] {
        var groups: [FailedGroup] = []
        var places: [Key: Int] = [:]
        for run in runs {
            if let place = places[run.group] {
                groups[place].runs.append(run)
            } else {
                places[run.group] = groups.count
                groups.append(FailedGroup(key: run.group, runs: [run]))
            }
        }
        return groups.enumerated().sorted { ($1.element.runs.count, $0.offset) < ($0.element.runs.count, $1.offset) }
            .map(\.element)
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
