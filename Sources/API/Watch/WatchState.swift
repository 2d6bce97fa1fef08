import Core
import Storage

/// Who waits for what.
struct WatchState: Sendable {
    typealias Answer = CheckedContinuation<RunWatch.Outcome, Never>

    struct Watcher: Sendable {
        let runID: RunID
        let isEnough: @Sendable (RunSight) -> Bool
        var nextLook: ContinuousClock.Instant
        var pause: Duration
        let longestPause: Duration
        let giveUpAt: ContinuousClock.Instant
        let answer: Answer
    }

    private var watchers: [UInt64: Watcher] = [:]
    /// Tickets of those who left before they came: their tasks were cancelled in between.
    private var left: Set<UInt64> = []
    private var tickets: UInt64 = 0
    private var isClosed = false

    var count: Int { watchers.count }

    mutating func makeTicket() -> UInt64 {
        tickets += 1
        return tickets
    }

    /// False when there is nothing to wait for any more.
    mutating func add(_ watcher: Watcher, _ ticket: UInt64) -> Bool {
        guard !isClosed, !left.contains(ticket) else { return false }
        watchers[ticket] = watcher
        return true
    }

    mutating func leave(_ ticket: UInt64) -> Answer? {
        guard let watcher = watchers.removeValue(forKey: ticket) else {
            left.insert(ticket)
            return nil
        }
        return watcher.answer
    }

    /// The wait is over, whoever ended it.
    mutating func forget(_ ticket: UInt64) { left.remove(ticket) }

    mutating func close() -> [Answer] {
        isClosed = true
        defer { watchers = [:] }
        return watchers.values.map(\.answer)
    }

    /// When there is something to do; nil while nobody waits.
    var nextTurn: ContinuousClock.Instant? { watchers.values.lazy.map { min($0.nextLook, $0.giveUpAt) }.min() }

    mutating func takeOverdue(at now: ContinuousClock.Instant) -> [Answer] {
        let overdue = watchers.filter { $0.value.giveUpAt <= now }
        for ticket in overdue.keys { watchers[ticket] = nil }
        return overdue.values.map(\.answer)
    }

    /// The runs to look at, each once.
    func due(at time: ContinuousClock.Instant) -> [RunID] {
        Array(Set(watchers.values.lazy.filter { $0.nextLook <= time }.map(\.runID)))
    }

    /// Answers those for whom it is enough; the others wait for the next look.
    mutating func saw(
        _ sights: [RunSight], of runIDs: [RunID], at now: ContinuousClock.Instant
    ) -> [(Answer, RunWatch.Outcome)] {
        let asked = Set(runIDs)
        let seen = Dictionary(sights.map { ($0.runID, $0) }) { first, _ in first }
        var answers: [(Answer, RunWatch.Outcome)] = []
        for (ticket, watcher) in watchers where asked.contains(watcher.runID) {
            guard let sight = seen[watcher.runID] else {
                answers.append((watcher.answer, .gone))
                watchers[ticket] = nil
                continue
            }
            if watcher.isEnough(sight) {
                answers.append((watcher.answer, .happened(sight)))
                watchers[ticket] = nil
            } else {
                watchers[ticket]?.pause = min(watcher.pause * 3 / 2, watcher.longestPause)
                watchers[ticket]?.nextLook = now + watcher.pause
            }
        }
        return answers
    }

    mutating func putOff(_ runIDs: [RunID], until time: ContinuousClock.Instant) {
        let asked = Set(runIDs)
        for (ticket, watcher) in watchers where asked.contains(watcher.runID) { watchers[ticket]?.nextLook = time }
    }
}
