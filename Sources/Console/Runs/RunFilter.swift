import Core

/// What a list of runs is filtered by, as it stands in the page's address. Texts are as they came: whoever asks the API learns whether
/// they mean something.
package struct RunFilter: Sendable, Hashable {
    package var status: String?
    package var workflow: String?
    package var version: String?
    package var step: String?
    package var minAttempts: String?
    package var error: String?
    package var waitingFor: String?
    package var correlationID: String?
    package var tenantID: String?
    package var parent: String?
    package var createdAfter: String?
    package var createdBefore: String?
    package var isOverdue = false
    package var cursor: String?
    /// What is told of each run, in this order.
    package var columns = RunColumn.usual

    package init() {}

    /// - Parameters:
    ///   - value: what stands in the address under a name; empty fields of forms are none. The names are those of the API.
    ///   - columns: all that stand there.
    package init(_ value: (String) -> String?, columns: [String] = []) {
        func text(_ name: String) -> String? { value(name).flatMap { $0.isEmpty ? nil : $0 } }
        status = text("status")
        workflow = text("workflow")
        version = text("version")
        step = text("step")
        minAttempts = text("minAttempts")
        error = text("error")
        waitingFor = text("waitingFor")
        correlationID = text("correlationId")
        tenantID = text("tenantId")
        parent = text("parent")
        createdAfter = text("createdAfter").map(Self.time)
        createdBefore = text("createdBefore").map(Self.time)
        isOverdue = text("overdue") == "true"
        cursor = text("cursor")
        let chosen = RunColumn.allCases.filter { columns.contains($0.rawValue) }
        if !chosen.isEmpty { self.columns = chosen }
    }

    /// What a browser's field for a time sends is taken as UTC.
    private static func time(_ text: String) -> String {
        if Instant(text) != nil { return text }
        for tail in ["Z", ":00Z", "T00:00:00Z"] where Instant(text + tail) != nil { return text + tail }
        return text
    }

    /// Members of a query, for the API and for the page alike.
    package var members: [(String, String?)] {
        [
            ("status", status), ("waitingFor", waitingFor), ("workflow", workflow), ("version", version),
            ("step", step),
            ("minAttempts", minAttempts), ("error", error), ("overdue", isOverdue ? "true" : nil),
            ("correlationId", correlationID), ("tenantId", tenantID), ("parent", parent),
            ("createdAfter", createdAfter),
            ("createdBefore", createdBefore),
        ]
    }

    package var isEmpty: Bool { members.allSatisfy { $0.1 == nil } }

    /// What the address says of columns: nothing of those that are usual.
    var columnMembers: [(String, String?)] {
        columns == RunColumn.usual ? [] : columns.map { ("column", $0.rawValue) }
    }

    /// The page of these runs.
    func path(_ paths: Paths, cursor: String? = nil) -> String {
        Paths.query(paths.runs, members + columnMembers + [("cursor", cursor)])
    }

    func with(_ change: (inout RunFilter) -> Void) -> RunFilter {
        var copy = self
        copy.cursor = nil
        change(&copy)
        return copy
    }
}

/// What a list can tell of a run, beside which it is.
package enum RunColumn: String, Sendable, Hashable, CaseIterable {
    case status, why, started, took, changed, deadline, correlation, cause, parent

    static let usual: [RunColumn] = [.status, .why, .started, .took]

    var title: String {
        switch self {
        case .status: "Status"
        case .why: "What happens, or why not"
        case .started: "Started"
        case .took: "Took"
        case .changed: "Last change"
        case .deadline: "Deadline"
        case .correlation: "Correlation id"
        case .cause: "Why it turned back"
        case .parent: "Started by"
        }
    }
}

/// What can be asked of many runs at once.
package enum BulkAction: String, Sendable, CaseIterable {
    case cancel, pause, resume, retry

    package var title: String {
        switch self {
        case .cancel: "Cancel"
        case .pause: "Pause"
        case .resume: "Resume"
        case .retry: "Retry failed undos"
        }
    }

    package var consequence: String {
        switch self {
        case .cancel:
            "In each of them calls in flight finish, and what was done is undone, in reverse order. This can't be taken back."
        case .pause: "In each of them calls in flight finish, and nothing new begins until somebody resumes it."
        case .resume: "Each of them goes on from where it is."
        case .retry: "In each of them every undo that gave up is tried again, with all its attempts."
        }
    }
}
