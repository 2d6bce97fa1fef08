package import Core

/// What came of a definition's cases, and of exploring it, to be told.
package struct RehearsalReport: Sendable {
    /// One case.
    package struct Result: Sendable {
        package let name: String
        /// None: it passed.
        package let failures: [String]
        /// What happened, a line each, for a case that failed.
        package let history: [String]
    }

    package let workflow: String
    package private(set) var results: [Result] = []
    package private(set) var exploration: Exploration?

    /// - Parameter workflow: the definition, as `NAME VERSION`.
    package init(_ workflow: String) { self.workflow = workflow }

    package var hasFailed: Bool {
        results.contains { !$0.failures.isEmpty } || (exploration?.examples.contains(where: \.isFinding) ?? false)
    }

    /// Plays a case.
    package mutating func play(_ given: TestCase) {
        let (failures, rehearsal) = given.play()
        results.append(
            Result(name: given.name, failures: failures, history: failures.isEmpty ? [] : rehearsal.history))
    }

    package mutating func add(_ exploration: Exploration) { self.exploration = exploration }

    /// For a person.
    package var text: String {
        var lines: [String] = []
        for result in results {
            lines.append("\(result.failures.isEmpty ? "ok  " : "FAIL") \(result.name)")
            lines += result.failures.map { "       \($0)" }
            if !result.history.isEmpty { lines.append("     What happened:") }
            lines += result.history.map { "       \($0)" }
        }
        if !results.isEmpty {
            let failed = results.count { !$0.failures.isEmpty }
            lines.append(
                "\(results.count) cases of \(workflow), \(failed == 0 ? "all as expected" : "\(failed) failed")")
        }
        if let exploration { lines += exploration.lines }
        return lines.joined(separator: "\n")
    }

    /// `{workflow, cases: [{name, passed, failures, history}], exploration?}`.
    package var json: JSON {
        var object: JSONObject = [
            "workflow": .string(workflow),
            "cases": .array(
                results.map {
                    [
                        "name": .string($0.name), "passed": .bool($0.failures.isEmpty),
                        "failures": .array($0.failures.map { .string($0) }),
                        "history": .array($0.history.map { .string($0) }),
                    ]
                }),
        ]
        if let exploration { object["exploration"] = exploration.json }
        return .object(object)
    }

    /// For a CI server.
    package var junit: String {
        var tests: [(name: String, failure: String?)] = results.map {
            ($0.name, $0.failures.isEmpty ? nil : ($0.failures + $0.history).joined(separator: "\n"))
        }
        for example in exploration?.examples ?? [] where example.isFinding {
            tests.append((example.what, example.history.joined(separator: ", ")))
        }
        let failed = tests.count { $0.failure != nil }
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuite name=\"\(xml(workflow))\" tests=\"\(tests.count)\" failures=\"\(failed)\">",
        ]
        for test in tests {
            let head = "  <testcase classname=\"\(xml(workflow))\" name=\"\(xml(test.name))\""
            guard let failure = test.failure else {
                lines.append("\(head)/>")
                continue
            }
            lines += ["\(head)>", "    <failure>\(xml(failure))</failure>", "  </testcase>"]
        }
        return (lines + ["</testsuite>"]).joined(separator: "\n")
    }

    /// Escaped, and without what XML has no place for.
    private func xml(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "?"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Exploration {
    fileprivate var lines: [String] {
        var lines = ["Every combination of answers: \(states) different states"]
        if isCut { lines.append("  that was the limit: what was not looked at may end otherwise") }
        for example in examples {
            lines.append("\(example.isFinding ? "FOUND" : "  end") \(example.what)")
            lines.append(
                "       after: \(example.history.isEmpty ? "nothing" : example.history.joined(separator: ", "))")
        }
        return lines
    }

    /// `{states, isCut, ends: [{what, status, history}], findings: [{what, status, history}]}`.
    fileprivate var json: JSON {
        func list(_ isFinding: Bool) -> JSON {
            .array(
                examples.filter { $0.isFinding == isFinding }.map {
                    [
                        "what": .string($0.what), "status": .string($0.status.rawValue),
                        "history": .array($0.history.map { .string($0) }),
                    ]
                })
        }
        return ["states": JSON(states), "isCut": .bool(isCut), "ends": list(false), "findings": list(true)]
    }
}

extension Rehearsal {
    /// What has happened, a line each: when, what, and for attempts how they ended.
    package var history: [String] {
        events.map { at, event in
            let row = EventRow(event, of: run.numbering)
            let since = DurationText.format(at - Self.start)
            var words = [since == "0ms" ? "at once" : since, event.kind.rawValue]
            if let step = row.stepID { words.append(step) }
            if let action = row.action, action == .compensate { words.append("(compensate)") }
            if let attempt = row.attempt { words.append("#\(attempt)") }
            if let outcome = row.outcome { words.append(outcome.rawValue) }
            if let status = row.httpStatus { words.append(String(status)) }
            if let message = row.error?["message"]?.string { words.append("– \(message)") }
            return words.joined(separator: " ")
        }
    }
}
