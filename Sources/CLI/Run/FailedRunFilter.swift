import ArgumentParser
import Core

/// Which FAILED runs.
struct FailedRunFilter: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            """
            Only FAILED runs for which this is so, repeatable: workflow=NAME, step=ID (its compensation gave up), \
            kind=compensation or kind=quarantined, after=TIME, before=TIME (of their starts, as in 2026-01-31T12:00:00Z).
            """, valueName: "key=value"))
    var conditions: [String] = []

    /// The names that conditions have here, and those of the API.
    private static let members = [
        "workflow": "workflow", "step": "stepId", "stepId": "stepId", "kind": "kind", "after": "createdAfter",
        "createdAfter": "createdAfter", "before": "createdBefore", "createdBefore": "createdBefore",
    ]

    var isEmpty: Bool { conditions.isEmpty }

    func validate() throws { _ = try read() }

    /// What the API's list takes.
    func query() throws -> [(String, String?)] { try read().map { ($0.key, $0.value) } }

    /// What the API's bulk retry takes.
    func body() throws -> JSONObject { JSONObject(try read().map { (key: $0.key, value: JSON($0.value)) }) }

    private func read() throws -> [(key: String, value: String)] {
        var found: [(key: String, value: String)] = []
        for condition in conditions {
            let sides = condition.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, !sides[1].isEmpty, let key = Self.members[sides[0]] else {
                throw ValidationError(
                    "\(condition.clipped) is no condition: write workflow=, step=, kind=, after= or before=.")
            }
            guard !found.contains(where: { $0.key == key }) else {
                throw ValidationError("\(sides[0]) is given twice: a run has only one.")
            }
            if key == "kind", !["compensation", "quarantined"].contains(sides[1]) {
                throw ValidationError("kind is compensation or quarantined.")
            }
            if key.hasPrefix("created"), Instant(sides[1]) == nil {
                throw ValidationError("\(sides[1].clipped) is no time: write 2026-01-31T12:00:00Z.")
            }
            found.append((key, sides[1]))
        }
        return found
    }
}
