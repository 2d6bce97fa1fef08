package import Core

/// A stretch of time in which a step was at work, or waited.
package struct TimelineBar: Sendable, Hashable {
    /// What it was. The raw values are classes in `graph.css`.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        // Attempts, by what they came to.
        case succeeded, rejected, busy, unknown
        case notSent = "not-sent"
        /// Its engine died.
        case lost
        /// A person, or the run's turning back, ended it.
        case left
        /// It goes on.
        case open
        // Waits.
        case backoff, wait, signal, child
        /// Several, drawn as one.
        case many

        /// It is waited, and nothing is done.
        package var isWait: Bool {
            switch self {
            case .backoff, .wait, .signal, .child: true
            case .succeeded, .rejected, .busy, .unknown, .notSent, .lost, .left, .open, .many: false
            }
        }

        var word: String {
            switch self {
            case .succeeded, .rejected, .busy, .unknown, .lost: rawValue
            case .notSent: "not sent"
            case .left: "ended from outside"
            case .open: "goes on"
            case .backoff: "waits for its next attempt"
            case .wait: "waits"
            case .signal: "waits for a signal"
            case .child: "waits for its child run"
            case .many: "several"
            }
        }
    }

    package let kind: Kind
    package let from: Instant
    package let to: Instant
    /// Of an attempt, which.
    package var attempt: Int?
    package var httpStatus: Int?
    package var engine: String?
    /// From then on it was accepted, and its end was waited for.
    package var acceptedAt: Instant?
    /// Of several drawn as one: how many attempts, and how many of them did not succeed.
    package var count = 1
    package var failures = 0

    init(_ kind: Kind, _ from: Instant, _ to: Instant) {
        self.kind = kind
        self.from = from
        self.to = max(from, to)
        failures = [.rejected, .busy, .unknown, .notSent, .lost].contains(kind) ? 1 : 0
    }
}

/// What a step did, or what was done to undo it, bar after bar.
package struct TimelineRow: Sendable, Hashable {
    /// Of a step, or of an element of one.
    package let stepID: String
    package let lane: GraphLane
    /// By their begins.
    package internal(set) var bars: [TimelineBar]
    /// Bars are drawn as one.
    package internal(set) var isAggregated = false
}

/// A stretch of time in which the whole run stood still.
package struct TimelineRest: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable { case paused, person }

    package let kind: Kind
    package let from: Instant
    package let to: Instant
}

/// A moment that is marked.
package struct TimelineMark: Sendable, Hashable {
    /// What happened. The raw values are classes in `graph.css`.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case turn, cancel, deadline, undo, hand, signal, takeover, end

        var word: String {
            switch self {
            case .turn: "turned back"
            case .cancel: "cancel asked for"
            case .deadline: "deadline passed"
            case .undo: "undo asked for"
            case .hand: "a person stepped in"
            case .signal: "signal"
            case .takeover: "taken over by another engine"
            case .end: "end"
            }
        }
    }

    package let kind: Kind
    package let at: Instant
    /// So many, too near to each other to be told apart.
    package internal(set) var count = 1
}
