package import Core

/// One version of a workflow, with what is known about it.
package struct VersionView: Sendable {
    package let name: String
    package let version: String
    /// Whose it is: a tenant's id, or `*`.
    package let owner: String
    package let createdAt: Instant?
    package let createdBy: String
    package let deprecation: WorkflowView.Deprecation?
    /// As it was registered.
    package let source: JSON
    /// Nil for one that only a newer release understands.
    package let definition: WorkflowDefinition?
    /// What its author may not have meant.
    package var findings: [Finding] = []
    /// Whoever reads may not see which participants there are, so nothing is found about them.
    package var knowsParticipants = false
    /// Nil where whoever reads may not see runs.
    package var statistics: VersionStatistics?
    /// The version below it; nil for the lowest.
    package var before: String?

    /// Nil for what is none.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.string, let version = json["version"]?.string,
            let owner = json["tenant"]?.string, let source = json["definition"]
        else { return nil }
        (self.name, self.version, self.owner, self.source) = (name, version, owner, source)
        createdAt = json["createdAt"]?.string.flatMap { Instant($0) }
        createdBy = json["createdBy"]?.string ?? ""
        deprecation = WorkflowView.Deprecation(json["deprecation"])
        definition = try? WorkflowDefinition(source)
    }
}

/// How a version does, over its newest runs.
package struct VersionStatistics: Sendable {
    package let runs: Int
    package let since: Instant?
    /// There are no other runs of it.
    package let isAll: Bool
    package let statuses: [String: Int]
    package let times: Times?
    package let calls: [Calls]

    package struct Times: Sendable {
        package let half: Duration
        package let most: Duration

        init?(_ json: JSON) {
            guard let half = json["p50Ms"]?.double, let most = json["p99Ms"]?.double else { return nil }
            self.half = .microseconds(Int64(half * 1000))
            self.most = .microseconds(Int64(most * 1000))
        }
    }

    /// The calls of one action of one step.
    package struct Calls: Sendable {
        package let stepID: String
        package let isUndo: Bool
        package let runs: Int
        package let attempts: Int
        package let retries: Int
        package let gaveUp: Int
        package let outcomes: [String: Int]
        package let times: Times?
    }

    package init?(_ json: JSON) {
        guard let runs = json["runs"], let count = runs["count"]?.int else { return nil }
        self.runs = count
        since = runs["since"]?.string.flatMap { Instant($0) }
        isAll = runs["all"]?.bool ?? false
        statuses = Self.counts(runs["statuses"])
        times = Times(runs)
        calls = (json["calls"]?.array ?? []).compactMap { calls in
            guard let step = calls["stepId"]?.string, let attempts = calls["attempts"]?.int else { return nil }
            return Calls(
                stepID: step, isUndo: calls["action"]?.string == CallAction.compensate.rawValue,
                runs: calls["runs"]?.int ?? 0, attempts: attempts, retries: calls["retries"]?.int ?? 0,
                gaveUp: calls["gaveUp"]?.int ?? 0, outcomes: Self.counts(calls["outcomes"]), times: Times(calls))
        }
    }

    private static func counts(_ json: JSON?) -> [String: Int] {
        Dictionary((json?.object?.members ?? []).map { ($0.key, $0.value.int ?? 0) }) { first, _ in first }
    }
}
