// How many runs begin and end in each minute. Processes count in memory where they count for metrics, and add what they have to
// `run_minutes` every few seconds; readers sum it up. A count over the runs themselves would read all of them.
//
//   MinuteCounts      what one process has counted and not written yet
//   MinuteWriter      the service that writes it
//   MinuteStatements  how it is written, read and removed
//   SlowRuns          which runs take long, and FailedGroups, which have failed, by why

package import Core
import Synchronization

/// What becomes of a run, as far as it is counted.
package enum RunTally: Int, Sendable, Hashable, CaseIterable {
    case started, completed, compensated, cancelled, failed

    /// How a run ended; nil while it has not.
    package init?(_ status: RunStatus) {
        switch status {
        case .completed: self = .completed
        case .compensated: self = .compensated
        case .cancelled: self = .cancelled
        case .failed: self = .failed
        case .pending, .running, .compensating: return nil
        }
    }
}

/// Of which runs, and when.
package struct MinuteKey: Sendable, Hashable, Comparable {
    /// Since 1970.
    package let minute: Int64
    package let tenantID: String
    package let workflowName: String

    package init(_ time: Instant, tenantID: String, workflowName: String) {
        minute = time.microseconds / 60_000_000
        self.tenantID = tenantID
        self.workflowName = workflowName
    }

    fileprivate init(othersOf minute: Int64) {
        self.minute = minute
        (tenantID, workflowName) = (Owner.sharedName, Owner.sharedName)
    }

    /// Its beginning.
    package var time: Instant { Instant(microseconds: minute * 60_000_000) }

    package static func < (left: MinuteKey, right: MinuteKey) -> Bool {
        (left.minute, left.tenantID, left.workflowName) < (right.minute, right.tenantID, right.workflowName)
    }
}

/// So many of each, in the order of `RunTally.allCases`.
package struct MinuteTally: Sendable, Hashable {
    package private(set) var counts: [Int64]

    package init() { counts = Array(repeating: 0, count: RunTally.allCases.count) }

    package subscript(tally: RunTally) -> Int64 {
        get { counts[tally.rawValue] }
        set { counts[tally.rawValue] = newValue }
    }

    package static func += (left: inout MinuteTally, right: MinuteTally) {
        for tally in RunTally.allCases { left[tally] += right[tally] }
    }
}

/// What a process has counted and not written yet.
package final class MinuteCounts: Sendable {
    private let counted = Mutex<[MinuteKey: MinuteTally]>([:])

    /// So many minutes of tenants and workflows are kept apart at once; what comes beyond is counted for nobody in particular. Many thousand
    /// tenants that start runs in one minute must not fill the memory, nor the table.
    package static let mostApart = 2000

    package init() {}

    /// - Parameter time: by the database's clock, so that processes agree on the minute.
    package func add(_ tally: RunTally, of workflowName: String, tenantID: String, at time: Instant) {
        let key = MinuteKey(time, tenantID: tenantID, workflowName: workflowName)
        counted.withLock { counted in
            let kept = counted[key] == nil && counted.count >= Self.mostApart ? MinuteKey(othersOf: key.minute) : key
            counted[kept, default: MinuteTally()][tally] += 1
        }
    }

    /// All of it, in an order in which writers do not wait for each other crosswise; it is counted here no more.
    package func take() -> [(key: MinuteKey, tally: MinuteTally)] {
        let taken = counted.withLock { counted in
            defer { counted = [:] }
            return counted
        }
        return taken.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What could not be written is counted on.
    package func giveBack(_ taken: [(key: MinuteKey, tally: MinuteTally)]) {
        counted.withLock { counted in
            for (key, tally) in taken {
                let isNew = counted[key] == nil && counted.count >= Self.mostApart
                counted[isNew ? MinuteKey(othersOf: key.minute) : key, default: MinuteTally()] += tally
            }
        }
    }
}
