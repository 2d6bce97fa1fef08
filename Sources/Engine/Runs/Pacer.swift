import Core
import Synchronization

/// Holds back runs with long lists while others are at work.
///
/// A run with a list of a thousand elements, or a thousand children, begins the next ones as soon as the last have ended, so
/// it keeps every core busy for as long as it lasts. Alone it may. As soon as others are at work it begins fewer by one
/// decision, and rests after each that it stored, for a multiple of the time that took: so it has a share of the machine, of
/// whatever speed, and the others find the rest of it free. What is answered meanwhile is decided together.
///
/// Runs without lists pay one addition for each decision.
final class Pacer: Sendable {
    /// What counts as now: others that did nothing for so long are gone.
    static let window = Duration.seconds(1)
    /// So much a run begins in that time, in calls, before it rests.
    static let free = 128
    /// Starting a child is as much work as so many calls.
    static let child = 8
    /// A rest is so many times as long as the decision before it took, …
    static let rest = 6
    /// … and no longer than this.
    static let longestRest = Duration.milliseconds(100)

    /// What a run with lists did.
    private struct Account: Sendable {
        /// What it began in this window, and in the one before; in calls.
        var begun = 0, before = 0
        var restsUntil: ContinuousClock.Instant?
    }
    private struct State: Sendable {
        var accounts: [RunID: Account] = [:]
        var windowEnds = ContinuousClock.now + Pacer.window
        /// What others had done when this window began, and when the one before did.
        var othersAtStart = 0, othersBefore = 0
    }

    /// Decisions of runs without lists that are nobody's children, ever.
    private let others = Atomic<Int>(0)
    private let state = Mutex(State())

    /// Counts a decision that is stored, and says how long its run rests.
    ///
    /// - Parameters:
    ///   - took: from when it was handed to the store.
    ///   - now: of the monotonic clock.
    func stored(_ commit: SessionCommit, took: Duration, at now: ContinuousClock.Instant) {
        let run = commit.after
        guard run.isLarge else {
            if !run.hasMarks || run.parent == nil { others.add(1, ordering: .relaxed) }
            return
        }
        let begun = commit.begun
        guard begun > 0 else { return }
        state.withLock { state in
            let isBeside = isBesideOthers(&state, now)
            var account = state.accounts[run.id] ?? Account()
            account.begun += begun
            let rests = isBeside && account.begun + account.before > Self.free
            account.restsUntil = rests ? now + min(took * Self.rest, Self.longestRest) : nil
            state.accounts[run.id] = account
        }
    }

    /// How many elements the next decision of the run begins at most.
    func portion(of run: Run, at now: ContinuousClock.Instant) -> Portion {
        guard run.isLarge else { return .whole }
        return state.withLock { isBesideOthers(&$0, now) } ? .small : .whole
    }

    /// Waits until the rest of the run is over, if it has one and this decision begins something.
    func waitForTurn(of commit: SessionCommit) async {
        guard commit.after.isLarge, commit.begun > 0 else { return }
        guard let until = restsUntil(commit.after.id), ContinuousClock.now < until else { return }
        try? await Task.sleep(until: until, tolerance: .zero, clock: .continuous)
    }

    /// When the rest of a run is over; nil for none.
    func restsUntil(_ run: RunID) -> ContinuousClock.Instant? { state.withLock { $0.accounts[run]?.restsUntil } }

    /// Whether others were at work lately. Begins a new window when it is time; who did nothing for two is forgotten.
    private func isBesideOthers(_ state: inout State, _ now: ContinuousClock.Instant) -> Bool {
        let others = others.load(ordering: .relaxed)
        if now >= state.windowEnds {
            let isLongPast = now >= state.windowEnds + Self.window
            state.othersBefore = isLongPast ? others : state.othersAtStart
            state.othersAtStart = others
            state.windowEnds = now + Self.window
            for (run, account) in state.accounts {
                let before = isLongPast ? 0 : account.begun
                state.accounts[run] = before == 0 ? nil : Account(before: before, restsUntil: account.restsUntil)
            }
        }
        return others > state.othersBefore
    }
}

extension Run {
    /// It has lists, which are what makes a run large.
    fileprivate var isLarge: Bool { hasMarks && !lists.isEmpty }
}

extension SessionCommit {
    /// How much it begins, in calls.
    fileprivate var begun: Int {
        events.reduce(0) { begun, event in
            switch event {
            case .attemptStarted: begun + 1
            case .childStarted: begun + Pacer.child
            default: begun
            }
        }
    }
}
