import Core

extension RunSentence.Writer {
    /// What happens now, or is waited for.
    mutating func waiting() {
        guard let wait = run.wait else {
            say(.text("An engine is at work on it."))
            return
        }
        switch wait.kind {
        case "retry", "breaker": retry(wait)
        case "call": call(wait)
        case "timer": timer(wait)
        case "signal":
            say(.text("Waits for the signal "), .name(wait.name ?? "of its step"))
            inStep(wait)
            until(wait)
        case "callback":
            say(.text("Waits for "), .name(wait.participant ?? "its participant"), .text(" to call back"))
            inStep(wait)
            until(wait)
        case "poll": poll(wait)
        case "child": child(wait)
        case "paused": paused(wait)
        case "operator": person(wait)
        case "deadline":
            say(.text("Waits for nothing but its deadline"))
            if let time = wait.until { say(.text(", "), .time(time)) }
            say(.text("."))
        case "takeover":
            say(.text("Its engine gives no sign of life; another may take over"))
            if let time = wait.until { say(.text(" from "), .time(time), .text(" on")) }
            say(.text("."))
            engines(wait)
        case "engine": engine(wait)
        default: say(.text("Waits for something that this release does not know ("), .name(wait.kind), .text(")."))
        }
    }

    /// ` (charge)`
    private mutating func inStep(_ wait: Wait) {
        if let step = wait.stepID { say(.text(" in "), .name(step)) }
    }

    private mutating func until(_ wait: Wait) {
        if let since = wait.since { say(.text(", since "), .time(since)) }
        if let time = wait.until { say(.text(", at the latest until "), .time(time)) }
        say(.text("."))
    }

    private func attempt(_ wait: Wait, next: Bool) -> String? {
        guard let step = view.allSteps.first(where: { $0.id == wait.stepID }) else { return nil }
        let number = (wait.isCompensation ? step.compensationAttempts : step.attempts) + (next ? 1 : 0)
        return number > 1 ? Self.ordinal(number) : nil
    }

    private mutating func retry(_ wait: Wait) {
        say(.text("Waits for "), .name(wait.participant ?? wait.stepID ?? "its next attempt"))
        say(.text(": \(attempt(wait, next: true) ?? "next") attempt to \(wait.isCompensation ? "undo" : "do") "))
        say(.name(wait.stepID ?? "a step"))
        if let time = wait.until { say(.text(" at "), .time(time)) }
        if wait.kind == "breaker" { say(.text("; its breaker is open, so it may take longer")) }
        if wait.isParticipantPaused { say(.text("; the participant is paused, and calls wait for its resume")) }
        say(.text("."))
        if let lacks = wait.lacks { say(.text(" An engine can't call it: "), .quote(lacks), .text(".")) }
        // An undo that was not tried yet has not failed: that was the step.
        if let step = view.allSteps.first(where: { $0.id == wait.stepID }), let error = step.error,
            !wait.isCompensation || step.compensationAttempts > 0
        {
            say(.text(" Last time: "), .quote(error.text), .text("."))
        }
    }

    private mutating func call(_ wait: Wait) {
        say(.text(wait.isOverdue ? "Should have heard from " : "Calls "), .name(wait.participant ?? "a participant"))
        say(.text(" to \(wait.isCompensation ? "undo" : "do") "), .name(wait.stepID ?? "a step"))
        if let attempt = attempt(wait, next: false) { say(.text(", \(attempt) attempt")) }
        if let since = wait.since { say(.text(", since "), .time(since)) }
        if let time = wait.until {
            say(.text(wait.isOverdue ? "; its time was over at " : "; it may take until "), .time(time))
        }
        say(.text("."))
        if wait.isParticipantPaused { say(.text(" The participant is paused: the call may wait for its resume.")) }
        if wait.waitingForBreaker > 0 {
            say(.text(" The participant's breaker is being tried: the call may wait for that."))
        }
        if wait.queued > 0 { say(.text(" The participant has as many calls as it may: this one may wait its turn.")) }
        switch wait.holdsUp {
        case "cancel": say(.text(" Then its cancel begins."))
        case "deadline": say(.text(" Then it turns back, for its time is over."))
        case "compensation": say(.text(" Then undoing begins."))
        default: break
        }
    }

    private mutating func timer(_ wait: Wait) {
        if let step = wait.stepID { say(.text("Lets time pass in "), .name(step)) } else { say(.text("Begins")) }
        if let time = wait.until { say(.text(wait.stepID == nil ? " at " : " until "), .time(time)) }
        say(.text("."))
    }

    private mutating func poll(_ wait: Wait) {
        say(.name(wait.participant ?? "A participant"), .text(" is at work"))
        inStep(wait)
        if let look = wait.nextLook { say(.text("; it is asked again at "), .time(look)) }
        if let time = wait.until { say(.text(", at the latest until "), .time(time)) }
        say(.text("."))
        if wait.failedLooks > 0 {
            say(.text(" The last \(wait.failedLooks == 1 ? "look" : "\(wait.failedLooks) looks") failed."))
        }
    }

    private mutating func child(_ wait: Wait) {
        say(.text("Waits for a run of "), .name(wait.workflow ?? "another workflow"))
        if let id = wait.runID { say(.text(", "), .run(id)) }
        inStep(wait)
        if wait.status == "FAILED" {
            needsPerson = true
            say(.text(", which has failed and waits for a person."))
        } else {
            until(wait)
        }
    }

    private mutating func paused(_ wait: Wait) {
        say(.text("Paused"))
        if let by = wait.by { say(.text(" by "), .name(by)) }
        if let since = wait.since { say(.text(" since "), .time(since)) }
        if let reason = wait.reason { say(.text(": "), .quote(reason)) }
        say(.text(". Nothing begins until it is resumed."))
    }

    private mutating func person(_ wait: Wait) {
        needsPerson = true
        if let id = wait.stepID, view.allSteps.first(where: { $0.id == id })?.compensationStatus == "FAILED" {
            say(.text("Needs a person: past the point of no return the undo of "), .name(id), .text(" gave up"))
            if let reason = wait.reason { say(.text(": "), .quote(reason)) }
            say(.text(". Retry it, or put it right by hand and resolve it."))
            return
        }
        say(
            .text("Needs a person: past the point of no return "), .name(wait.stepID ?? "a step"), .text(" was refused")
        )
        if let reason = wait.reason { say(.text(": "), .quote(reason)) }
        say(.text(". Retry it, say that it is done, or skip it."))
    }

    private mutating func engine(_ wait: Wait) {
        if wait.engine != nil {
            say(.text("An engine holds it"))
            if let since = wait.since { say(.text("; nothing has happened since "), .time(since)) }
            say(.text("."))
        } else {
            say(.text("Waits for an engine to take it up"))
            if let since = wait.since { say(.text(", due since "), .time(since)) }
            if let time = wait.until { say(.text(", due at "), .time(time)) }
            say(.text("."))
        }
        engines(wait)
    }

    private mutating func engines(_ wait: Wait) {
        guard wait.liveEngines == 0 else { return }
        needsPerson = true
        say(.text(" No engine is alive: start one, or nothing happens."))
    }

    static func ordinal(_ number: Int) -> String {
        switch number {
        case 1: "first"
        case 2: "second"
        case 3: "third"
        case 4: "fourth"
        case 5: "fifth"
        default:
            switch (number % 100, number % 10) {
            case (11...13, _): "\(number)th"
            case (_, 1): "\(number)st"
            case (_, 2): "\(number)nd"
            case (_, 3): "\(number)rd"
            default: "\(number)th"
            }
        }
    }
}
