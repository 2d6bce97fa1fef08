/// Something about a valid definition that its author may not have meant.
package struct Finding: Sendable, Hashable {
    /// How much it matters.
    package enum Severity: String, Sendable, CaseIterable {
        /// Runs will fail by it. It refuses the definition where it is registered; one that was registered before is carried on.
        case error
        /// Runs will go wrong in a way that is easily overlooked. With `strict` it refuses the definition.
        case warning
        /// Worth a look; nothing need be wrong.
        case note
    }

    /// Which rule it is, for programs: lower-case words with hyphens.
    package let rule: String
    package let severity: Severity
    /// In the definition.
    package let pointer: JSONPointer
    /// A sentence, and what to do.
    package let detail: String

    package init(_ rule: String, _ severity: Severity, at pointer: JSONPointer, _ detail: String) {
        self.rule = rule
        self.severity = severity
        self.pointer = pointer
        self.detail = detail
    }

    /// `{rule, severity, pointer, detail}`.
    package var json: JSON {
        [
            "rule": .string(rule), "severity": .string(severity.rawValue), "pointer": .string(pointer.description),
            "detail": .string(detail),
        ]
    }
}

/// What is known of the participants where a definition is looked at.
package struct KnownParticipants: Sendable {
    /// By name, with the breaker each has; nil for one that has none.
    package let breakers: [String: BreakerPolicy?]
    /// Why engines may not call them, by name: a sentence.
    package let refusals: [String: String]

    package init(_ breakers: [String: BreakerPolicy?], refusals: [String: String] = [:]) {
        self.breakers = breakers
        self.refusals = refusals
    }
}

extension WorkflowDefinition {
    /// What its author may not have meant, in the order of the definition.
    ///
    /// - Parameter participants: those that are registered; nil where that is not known.
    package func findings(_ participants: KnownParticipants? = nil) -> [Finding] {
        var findings: [Finding] = []
        if !version.isRelease {
            findings.append(
                Finding(
                    "prerelease", .note, at: JSONPointer(["version"]),
                    "This is a prerelease: only a start that names it takes it."))
        }
        for step in steps { findings += self.findings(of: step, participants) }
        if let output { findings += skippedReads(output.uses, below: JSONPointer(["output"])) }
        return findings + sensitiveFindings() + endCallFindings(participants)
    }
}
