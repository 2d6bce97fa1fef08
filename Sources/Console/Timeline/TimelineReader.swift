internal import Core

/// Makes bars of a history: an attempt begins with one event and ends with another, and between two attempts is a wait.
struct TimelineReader {
    private struct Key: Hashable {
        let stepID: String
        let lane: GraphLane
    }

    private struct Attempt {
        let at: Instant
        let number: Int?
        let engine: String?
        var acceptedAt: Instant?
    }

    private(set) var rows: [TimelineRow] = []
    private(set) var rests: [TimelineRest] = []
    private(set) var marks: [TimelineMark] = []
    private(set) var start = Instant(microseconds: 0)
    private(set) var end = Instant(microseconds: 0)
    private var places: [Key: Int] = [:]
    private var attempts: [Key: Attempt] = [:]
    private var waits: [Key: (kind: TimelineBar.Kind, at: Instant)] = [:]
    private var restsSince: [TimelineRest.Kind: Instant] = [:]
    private var isOver = false

    /// - Parameters:
    ///   - events: oldest first.
    ///   - now: what goes on goes on until then.
    init(_ events: [TimelineEvent], now: Instant) {
        guard let first = events.first, let last = events.last else { return }
        start = first.at
        for event in events { read(event) }
        end = isOver ? last.at : max(last.at, now)
        // In a fixed order, so that the same history gives the same rows.
        for (key, attempt) in attempts.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            add(bar(.open, of: attempt, until: end), to: key)
        }
        for (key, wait) in waits.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            add(TimelineBar(wait.kind, wait.at, end), to: key)
        }
        for (kind, since) in restsSince.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            rests.append(TimelineRest(kind: kind, from: since, to: end))
        }
        for place in rows.indices { rows[place].bars.sort { ($0.from, $0.to) < ($1.from, $1.to) } }
    }

    private static func isBefore(_ one: Key, _ other: Key) -> Bool {
        (one.stepID, one.lane.rawValue) < (other.stepID, other.lane.rawValue)
    }

    private mutating func add(_ bar: TimelineBar, to key: Key) {
        if let place = places[key] { return rows[place].bars.append(bar) }
        places[key] = rows.count
        rows.append(TimelineRow(stepID: key.stepID, lane: key.lane, bars: [bar]))
    }

    private func bar(_ kind: TimelineBar.Kind, of attempt: Attempt, until end: Instant) -> TimelineBar {
        var bar = TimelineBar(kind, attempt.at, end)
        (bar.attempt, bar.engine, bar.acceptedAt) = (attempt.number, attempt.engine, attempt.acceptedAt)
        return bar
    }

    // MARK: Events

    private mutating func read(_ event: TimelineEvent) {
        guard let kind = event.kind else { return }
        let forward = event.stepID.map { Key(stepID: $0, lane: .forward) }
        let undo = event.stepID.map { Key(stepID: $0, lane: .undo) }
        let own = event.action == .compensate ? undo : forward
        if kind.takesUp {
            isOver = false
            endRest(.person, event.at)
        }
        switch kind {
        case .attemptStarted:
            guard let own else { return }
            // One that was in flight when the run was set aside has no end of its own.
            endAttempt(own, .unknown, event)
            endWait(own, event.at)
            attempts[own] = Attempt(at: event.at, number: event.attempt, engine: event.engine)
        case .attemptAccepted:
            if let own { attempts[own]?.acceptedAt = event.at }
        case .attemptSucceeded:
            if let own { endAttempt(own, .succeeded, event) }
        case .attemptFailed:
            guard let own else { return }
            endAttempt(own, Self.kind(of: event), event)
            if event.errorKind == Failure.lostKind { mark(.takeover, event) }
            if event.retryIn != nil { waits[own] = (.backoff, event.at) }
        case .waitStarted: if let forward { waits[forward] = (.wait, event.at) }
        case .awaitStarted: if let forward { waits[forward] = (.signal, event.at) }
        case .childStarted: if let forward { waits[forward] = (.child, event.at) }
        case .childUndoRequested: if let undo { waits[undo] = (.child, event.at) }
        case .signalTaken, .stepSucceeded, .stepFailed, .stepSkipped, .stepAbandoned, .stepSettled, .childEnded,
            .childUndoFailed:
            if let forward { leave(forward, event) }
            if kind == .childEnded || kind == .childUndoFailed, let undo { endWait(undo, event.at) }
            if kind == .stepSettled { mark(.hand, event) }
        case .stepResolved:
            if let undo { leave(undo, event) }
            mark(.hand, event)
        case .retryRequested: mark(.hand, event)
        case .signalReceived: mark(.signal, event)
        case .cancelRequested: mark(.cancel, event)
        case .deadlineExceeded, .deadlineMissed: mark(.deadline, event)
        case .undoRequested: mark(.undo, event)
        case .runCompensating: mark(.turn, event)
        case .runPaused: restsSince[.paused] = event.at
        case .runResumed: endRest(.paused, event.at)
        case .runFailed, .runQuarantined:
            endRest(.paused, event.at)
            restsSince[.person] = event.at
            mark(.end, event)
        case .runCompleted, .runCompensated, .runCancelled, .restartedAs:
            isOver = true
            endRest(.paused, event.at)
            endRest(.person, event.at)
            mark(.end, event)
        case .runStarted, .attemptLooked, .callbackReceived, .attemptHeartbeat, .elementsStarted, .elementsEnded,
            .parentLinked, .childCancelRequested, .endCallsStarted, .stepUndoing, .cancelRefused, .runDelayed,
            .restartedFrom, .stepKept:
            break
        }
    }

    private static func kind(of event: TimelineEvent) -> TimelineBar.Kind {
        if event.errorKind == Failure.lostKind { return .lost }
        return switch event.outcome {
        case .succeeded: .succeeded
        case .rejected: .rejected
        case .busy: .busy
        case .notSent: .notSent
        case .unknown, nil: .unknown
        }
    }

    private mutating func endAttempt(_ key: Key, _ kind: TimelineBar.Kind, _ event: TimelineEvent) {
        guard let attempt = attempts.removeValue(forKey: key) else { return }
        var bar = bar(kind, of: attempt, until: event.at)
        bar.httpStatus = event.httpStatus
        add(bar, to: key)
    }

    private mutating func endWait(_ key: Key, _ at: Instant) {
        guard let wait = waits.removeValue(forKey: key) else { return }
        add(TimelineBar(wait.kind, wait.at, at), to: key)
    }

    /// Whatever goes on there has its end from outside.
    private mutating func leave(_ key: Key, _ event: TimelineEvent) {
        endWait(key, event.at)
        guard event.kind == .stepSettled || event.kind == .stepResolved else { return }
        endAttempt(key, .left, event)
    }

    private mutating func endRest(_ kind: TimelineRest.Kind, _ at: Instant) {
        guard let since = restsSince.removeValue(forKey: kind) else { return }
        rests.append(TimelineRest(kind: kind, from: since, to: at))
    }

    private mutating func mark(_ kind: TimelineMark.Kind, _ event: TimelineEvent) {
        marks.append(TimelineMark(kind: kind, at: event.at))
    }
}
