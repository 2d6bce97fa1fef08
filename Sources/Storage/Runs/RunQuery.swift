package import Core

/// What a list of runs is filtered by. All given filters must match; newest first.
package struct RunQuery: Sendable, Hashable {
    /// Which runs whoever asks may see.
    package let scope: RunScope
    package var status: RunStatus?
    /// Only live runs that nobody holds, and that wait for this.
    package var waitingFor: WaitKinds?
    package var workflowName: String?
    package var workflowVersion: String?
    /// Only runs that are at this step, or went wrong there: it, or an element of it, is being done, waits, has failed, or is being
    /// undone, as of when the run last rested.
    package var stepID: String?
    /// Only runs of which a step, or its undo, was tried at least so often, as of when the run last rested.
    package var minAttempts: Int?
    /// Only runs with such an error.
    package var error: ErrorText?
    /// Only live runs that are past their deadline.
    package var isOverdue = false
    package var correlationID: String?
    /// Of these, those of one tenant.
    package var tenantID: String?
    /// Only runs that steps of this one have started.
    package var parent: RunID?
    /// Inclusive, so that windows from one time to the next adjoin: each run is in one of them.
    package var createdAfter: Instant?
    /// Exclusive.
    package var createdBefore: Instant?
    /// Only runs before this one in the list: the last of the page before.
    package var before: RunID?
    /// 1…500.
    package var limit: Int

    package init(scope: RunScope, limit: Int = 50) {
        self.scope = scope
        self.limit = limit
    }

    /// Nobody's runs are asked for: those of a tenant that is not seen.
    var isVain: Bool { tenantID.map { !scope.tenants.sees($0) } ?? false }

    /// What an error is looked for by.
    package struct ErrorText: Sendable, Hashable {
        /// Its kind, or, where `isInMessages`, a part of its message or of that of what went wrong before, in letters of either case.
        package let text: String
        /// Whoever asks sees all messages. Others would learn from what is found what stands in them.
        package let isInMessages: Bool

        package init(_ text: String, isInMessages: Bool) { (self.text, self.isInMessages) = (text, isInMessages) }
    }

    /// Which statement answers it.
    enum Way: Sendable, Hashable {
        case waiting(WaitKinds)
        case children(RunID)
        case correlated(String)
        case live
        case window
        case all
    }

    var way: Way {
        if let waitingFor { return .waiting(waitingFor) }
        if let parent { return .children(parent) }
        if let correlationID { return .correlated(correlationID) }
        if isOverdue { return .live }
        switch status {
        case .pending, .running, .compensating: return .live
        case nil, .compensated, .cancelled, .failed: return isFiltered ? .window : .all
        // No index has it, and all runs may have ended otherwise.
        case .completed: return .window
        }
    }

    /// There are filters beside status and time.
    private var isFiltered: Bool {
        workflowName != nil || workflowVersion != nil || tenantID != nil || scope != .all || stepID != nil
            || minAttempts != nil || error != nil || isOverdue
    }

    /// A page is looked for in a window of runs.
    package var isWindowed: Bool {
        if isVain { return false }
        return switch way {
        case .live, .window: true
        case .waiting:
            isFiltered || status != nil || correlationID != nil || createdAfter != nil || createdBefore != nil
        case .children, .correlated, .all: false
        }
    }

    /// So many runs a page is looked for among. Where the steps of each, or its error, have to be read there are fewer, and of those that live,
    /// which lie apart.
    package var window: Int {
        guard isWindowed else { return limit }
        if stepID != nil || minAttempts != nil || error != nil { return Self.costlyWindow }
        return way == .window ? (scope.workflows == .all ? Self.window : Self.scopedWindow) : Self.costlyWindow
    }

    package static let window = 40_000
    /// For whoever sees some workflows alone, by patterns of their names.
    package static let scopedWindow = 10_000
    package static let costlyWindow = 4000

    /// Ids carry the time of the API's clock that made them; no sane clock is a day off, so a day's slack around the
    /// asked-for times bounds the scan, and `created_at` decides.
    ///
    /// Nil is no bound.
    var idBounds: (low: RunID?, high: RunID?) {
        let day: Int64 = 86_400_000
        func id(_ time: Instant, _ slack: Int64) -> RunID {
            RunID(high: UInt64(max(0, time.microseconds / 1000 + slack)) << 16, low: 0)
        }
        let newest = createdBefore.map { id($0, day) }
        let high = before.map { before in newest.map { min(before, $0) } ?? before } ?? newest
        return (createdAfter.map { id($0, -day) }, high)
    }
}
