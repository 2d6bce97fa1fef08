import Audit
import Core

/// The participants of all runs: one effect per key, idempotent, with the barrier. What they see goes into their ledgers.
struct SimulatedParticipants {
    /// A request on its way.
    struct Request {
        /// Whose step it is, for participants.
        let runID: RunID
        /// The run that makes the call.
        let callerID: RunID
        let stepID: String
        let participant: String
        let call: Command.Call
        let key: String
        /// Its answer may be that it is accepted; then its end is told, or looked for.
        let isCalledBack: Bool
        let isPolled: Bool
    }

    private struct Place: Hashable {
        let runID: RunID
        let stepID: String
    }

    private(set) var ledgers: [RunID: [LedgerEntry]] = [:]
    private var seen: Set<String> = []
    /// Keys of work that came to nothing and will never be done.
    private var refused: Set<String> = []
    /// What is accepted to be looked at, by key.
    private var jobs: [String: Job] = [:]
    /// Effects that stand, by place.
    private var standing: [Place: Int] = [:]
    /// Undone here, or told to be undone before anything was done: actions are refused from now on.
    private var barrier: Set<Place> = []

    /// Accepted work, as those see it who look.
    enum Job: String { case working, done, failed }

    /// What a look finds; nil for work that nobody has accepted.
    func job(_ key: String) -> Job? { jobs[key] }

    /// Notes what has become of accepted work; what is done stays so.
    mutating func note(_ job: Job, _ key: String) {
        if jobs[key] != .done { jobs[key] = job }
    }

    /// Accepted work comes to nothing; false when it is done already.
    mutating func refuse(_ request: Request) -> Bool {
        if seen.contains(request.key) { return false }
        if request.call.action == .compensate, barrier.contains(Place(runID: request.runID, stepID: request.stepID)) {
            return false
        }
        refused.insert(request.key)
        return true
    }

    func isRefused(_ request: Request) -> Bool { refused.contains(request.key) }

    /// Processes a request as a participant should; false when it is refused.
    mutating func receive(_ request: Request, at now: Instant) -> Bool {
        write(request, .received, 0, now)
        let place = Place(runID: request.runID, stepID: request.stepID)
        if request.call.action == .execute, refused.contains(request.key) {
            write(request, .refusedLate, 0, now)
            return false
        }
        switch request.call.action {
        case .execute:
            if barrier.contains(place) {
                write(request, .refusedLate, 0, now)
                return false
            }
            guard seen.insert(request.key).inserted else {
                write(request, .replayed, 0, now)
                return true
            }
            standing[place, default: 0] += 1
            write(request, .effect, 1, now)
        case .compensate:
            guard barrier.insert(place).inserted else {
                write(request, .replayed, 0, now)
                return true
            }
            if standing[place, default: 0] > 0 {
                standing[place] = 0
                write(request, .undo, -1, now)
            } else {
                write(request, .nullCompensation, 0, now)
            }
        }
        return true
    }

    private mutating func write(_ request: Request, _ kind: LedgerEntry.Kind, _ effect: Int, _ now: Instant) {
        ledgers[request.runID, default: []].append(
            LedgerEntry(
                participant: request.participant, at: now, stepID: request.stepID, action: request.call.action,
                attempt: request.call.attempt, bodyHash: "\(request.call.action)", kind: kind, effect: effect))
    }
}
