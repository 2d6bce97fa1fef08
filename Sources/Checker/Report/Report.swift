package import Audit
package import Core

/// What a check found.
package struct Report: Sendable {
    /// What was seen, so that one can tell whether anything was proven.
    package struct Counts: Sendable {
        package var runs: [RunStatus: Int] = [:]
        /// Of those, runs with an event of a newer version: they are judged only up to it.
        package var notUnderstood = 0
        package var events = 0
        /// Attempts begun, of either action.
        package var attempts = 0
        /// Attempts that are not the first of their action.
        package var retries = 0
        /// Calls that were lost with their engine and found by the next holder.
        package var takeovers = 0
        /// Compensations that succeeded.
        package var compensations = 0
        package var skippedSteps = 0
        package var acknowledged = 0
        package var ledgers = 0
        package var ledgerEntries = 0
        package var effects = 0
        package var undos = 0
        package var replays = 0
        package var nullCompensations = 0
        package var refusedLate = 0
        package var injectedFaults = 0
        /// Ledger entries of calls that nobody made for a run.
        package var foreignEntries = 0
        /// Ledger entries of runs that are older than what is kept, and gone.
        package var expiredEntries = 0
    }

    /// The first thousand; `violationCount` has them all.
    package private(set) var violations: [Violation] = []
    /// Violations per invariant.
    package private(set) var violationCount: [Int: Int] = [:]
    /// What should have been seen more often.
    package private(set) var shortfalls: [String] = []
    package var counts = Counts()
    /// Participants that keep no ledger: the effects of their steps were not judged.
    package private(set) var withoutLedger: [String] = []
    /// Participants whose ledgers could not be read, and why: as with those without.
    package private(set) var unreadLedgers: [String: String] = [:]

    /// What runs that do others anew tell of it.
    private(set) var restarts: [OwnershipAudit.Note] = []

    private static let kept = 1000

    /// Nothing is wrong, and enough was seen to say so.
    package var isPassed: Bool { violationCount.isEmpty && shortfalls.isEmpty && unreadLedgers.isEmpty }

    mutating func add(_ violation: Violation) {
        violationCount[violation.invariant, default: 0] += 1
        if violations.count < Self.kept { violations.append(violation) }
    }

    mutating func add(_ more: [Violation]) {
        for violation in more { add(violation) }
    }

    mutating func note(_ restart: OwnershipAudit.Note?) {
        if let restart { restarts.append(restart) }
    }

    mutating func note(_ entries: Ledgers) {
        counts.ledgers = entries.participants - entries.without.union(entries.unread.keys).count
        withoutLedger = entries.without.sorted()
        unreadLedgers = entries.unread
        counts.ledgerEntries = entries.count
        counts.foreignEntries = entries.foreign
        counts.effects = entries.countByKind[.effect] ?? 0
        counts.undos = entries.countByKind[.undo] ?? 0
        counts.replays = entries.countByKind[.replayed] ?? 0
        counts.nullCompensations = entries.countByKind[.nullCompensation] ?? 0
        counts.refusedLate = entries.countByKind[.refusedLate] ?? 0
        counts.injectedFaults =
            (entries.countByKind[.injectedBefore] ?? 0) + (entries.countByKind[.injectedAfter] ?? 0)
    }

    mutating func note(_ row: RunRow, _ events: [StoredEvent]) {
        counts.runs[row.status, default: 0] += 1
        counts.events += events.count
        for event in events {
            switch event.row.kind {
            case .attemptStarted:
                counts.attempts += 1
                if event.row.attempt ?? 1 > 1 { counts.retries += 1 }
            case .attemptSucceeded where event.row.action == .compensate: counts.compensations += 1
            case .attemptFailed where event.row.error?["kind"]?.string == "lost": counts.takeovers += 1
            case .stepSkipped: counts.skippedSteps += 1
            case .runStarted, .attemptAccepted, .attemptLooked, .callbackReceived, .attemptHeartbeat, .attemptSucceeded,
                .attemptFailed,
                .stepAbandoned, .waitStarted, .awaitStarted,
                .signalReceived, .signalTaken, .elementsStarted, .elementsEnded, .parentLinked, .childStarted,
                .childCancelRequested, .childEnded, .childUndoRequested, .childUndoFailed, .endCallsStarted,
                .stepSucceeded,
                .stepFailed, .stepUndoing, .cancelRequested, .cancelRefused, .deadlineExceeded,
                .runCompensating, .runCompleted, .runCompensated, .runCancelled, .runFailed, .retryRequested,
                .stepResolved, .stepSettled, .runDelayed, .runPaused, .runResumed, .undoRequested, .deadlineMissed,
                .runQuarantined, .restartedFrom, .stepKept, .restartedAs, nil:
                break
            }
        }
    }

    /// Adds the report on a single run.
    mutating func merge(_ other: Report) {
        for (invariant, count) in other.violationCount { violationCount[invariant, default: 0] += count }
        violations += other.violations.prefix(max(0, Self.kept - violations.count))
        counts.runs.merge(other.counts.runs, uniquingKeysWith: +)
        counts.notUnderstood += other.counts.notUnderstood
        counts.events += other.counts.events
        counts.attempts += other.counts.attempts
        counts.retries += other.counts.retries
        counts.takeovers += other.counts.takeovers
        counts.compensations += other.counts.compensations
        counts.skippedSteps += other.counts.skippedSteps
        restarts += other.restarts
    }

    mutating func demand(_ minimums: Minimums) {
        let seen: [(String, Int, Int)] = [
            ("runs", counts.runs.values.reduce(0, +), minimums.runs),
            ("completed runs", counts.runs[.completed] ?? 0, minimums.completed),
            ("compensated runs", counts.runs[.compensated] ?? 0, minimums.compensated),
            ("cancelled runs", counts.runs[.cancelled] ?? 0, minimums.cancelled),
            ("takeovers", counts.takeovers, minimums.takeovers),
            ("compensations", counts.compensations, minimums.compensations),
            ("retries", counts.retries, minimums.retries),
        ]
        shortfalls = seen.compactMap { what, count, minimum in
            count < minimum ? "\(count) \(what), at least \(minimum) are needed" : nil
        }
    }
}
