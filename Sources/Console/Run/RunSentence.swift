package import Core

/// What explains a run to somebody who knows nothing of it yet: where it stands, why, what comes next, and what somebody has to do.
///
/// Everything is said in words that hold when they are read a minute later: times are points in time.
package struct RunSentence: Sendable, Hashable {
    package enum Piece: Sendable, Hashable {
        case text(String)
        /// A name out of a definition or a request.
        case name(String)
        case time(Instant)
        case run(String)
        /// What somebody else wrote: a participant, a person.
        case quote(String)
    }

    package private(set) var pieces: [Piece] = []
    /// A person has to do something, or nothing happens.
    package private(set) var needsPerson = false

    package init(_ view: RunView) {
        var writer = Writer(view: view)
        writer.write()
        pieces = writer.pieces
        needsPerson = writer.needsPerson
    }

    /// The same as plain text, times in UTC.
    package var text: String {
        pieces.map { piece in
            switch piece {
            case .text(let text), .name(let text), .run(let text): text
            case .quote(let text): "“\(text)”"
            case .time(let time): "\(time.description.prefix(19).replacing("T", with: " ")) UTC"
            }
        }.joined()
    }

    /// The same for a page.
    func html(_ paths: Paths) -> HTML {
        pieces.map { piece -> HTML in
            switch piece {
            case .text(let text): HTML(text: text)
            case .name(let name): "<b>\(name)</b>"
            case .run(let id): #"<a href="\#(paths.run(id))">\#(Part.short(id))</a>"#
            case .quote(let text): #"<q dir="auto">\#(text)</q>"#
            case .time(let time): Part.time(time, isRelative: true)
            }
        }.joined()
    }
}

extension RunSentence {
    /// Writes it, sentence by sentence.
    struct Writer {
        let view: RunView
        var pieces: [Piece] = []
        var needsPerson = false

        var run: RunSummary { view.run }

        mutating func say(_ more: Piece...) {
            pieces += more.map { piece in
                // The sentence around it has an end of its own.
                guard case .quote(let text) = piece, text.hasSuffix(".") else { return piece }
                return .quote(String(text.dropLast()))
            }
        }

        mutating func write() {
            switch run.status {
            case "PENDING", "RUNNING": forward()
            case "COMPENSATING": backward()
            case "COMPLETED": completed()
            case "COMPENSATED", "CANCELLED": undone()
            case "FAILED": failed()
            default: say(.text("Its status, "), .name(run.status), .text(", is not known to this release."))
            }
            if let other = run.restartedAs { say(.text(" It was done anew by "), .run(other), .text(".")) }
        }

        private mutating func forward() {
            waiting()
            if run.isPaused || needsPerson || run.wait?.kind == "deadline" { return }
            let isPastPivot = view.possible?.isPastPivot ?? false
            if run.cause != nil {
                turnsBack()
            } else if isPastPivot {
                say(.text(" It is past its point of no return: what is left is done, not undone."))
            } else {
                givingUp()
            }
            if !isPastPivot, run.cause == nil, let deadline = run.deadlineAt {
                say(.text(" It has until "), .time(deadline), .text("."))
            }
        }

        /// It has left the forward path already, and waits for calls in flight.
        private mutating func turnsBack() {
            guard let undoes = view.possible?.undoes else { return }
            switch undoes.count {
            case 0: say(.text(" Nothing that was done before has to be undone."))
            case 1: say(.text(" 1 step is going to be undone."))
            default: say(.text(" \(undoes.count) steps are going to be undone."))
            }
        }

        /// What follows if the step that is waited for gives up.
        private mutating func givingUp() {
            guard let wait = run.wait, ["retry", "breaker", "call", "poll", "callback"].contains(wait.kind),
                !wait.isCompensation, let undoes = view.possible?.undoes
            else { return }
            let step = wait.stepID.flatMap { view.definition?.step(of: $0) }
            if step?.continuesOnFailure ?? false {
                say(.text(" If it gives up, the run goes on without it."))
                return
            }
            switch undoes.count {
            case 0: say(.text(" If it gives up, nothing that was done before has to be undone"))
            case 1: say(.text(" If it gives up, 1 step will be undone"))
            default: say(.text(" If it gives up, \(undoes.count) steps will be undone"))
            }
            let isOpen = ["call", "poll", "callback"].contains(wait.kind)
            if isOpen, let id = wait.stepID, !undoes.contains(id), step?.compensation != nil {
                say(.text(undoes.isEmpty ? ", but " : ", and "), .name(id))
                say(.text(" itself, unless it was refused."))
            } else {
                say(.text("."))
            }
        }

        private mutating func backward() {
            turnedBack()
            let back = view.allSteps.filter { $0.isBackward && $0.elements == nil }
            let done = back.count { $0.compensationStatus == "COMPENSATED" }
            if !back.isEmpty {
                say(.text(" \(done) of \(back.count) \(back.count == 1 ? "step is" : "steps are") undone. "))
            }
            let gaveUp = back.filter { $0.compensationStatus == "FAILED" }
            if let first = gaveUp.first {
                needsPerson = true
                say(.text("The undo of "), .name(first.id), .text(" gave up"))
                if gaveUp.count > 1 { say(.text(", and \(gaveUp.count - 1) more")) }
                say(.text(": retry it, or put it right by hand and say so. "))
            }
            waiting()
        }

        /// Why it left the forward path.
        private mutating func turnedBack() {
            let error = run.error
            switch run.cause {
            case "STEP_FAILED":
                say(.text("Turned back because "))
                if let step = error?.stepID { say(.name(step), .text(" failed")) } else { say(.text("a step failed")) }
                if let error { say(.text(": "), .quote(error.text)) }
                say(.text("."))
            case "CANCEL_REQUESTED":
                say(.text("Is being cancelled"), .text(error?.message.map { ": \($0)" } ?? ""), .text("."))
            case "DEADLINE_EXCEEDED":
                say(.text("Turned back because its time was over"))
                if let deadline = run.deadlineAt { say(.text(" at "), .time(deadline)) }
                say(.text("."))
            case "UNDO_REQUESTED": say(.text("Had completed, and is being undone because somebody asked for it."))
            case "QUARANTINED": say(.text("Was set aside, and is being undone."))
            default: say(.text("Is being undone."))
            }
        }

        private mutating func completed() {
            say(.text("Completed"))
            ended()
            let skipped = view.steps.count { $0.status == "SKIPPED" }
            if skipped > 0 { say(.text(" \(skipped) \(skipped == 1 ? "step was" : "steps were") skipped.")) }
            let gaveUp = view.steps.filter { $0.status == "FAILED" }
            if let first = gaveUp.first {
                say(.text(" It went on although "), .name(first.id))
                say(.text(gaveUp.count > 1 ? " and \(gaveUp.count - 1) more failed." : " failed."))
            }
        }

        private mutating func undone() {
            say(.text(run.status == "CANCELLED" ? "Cancelled" : "Undone"))
            ended()
            let count = view.allSteps.count { $0.compensationStatus == "COMPENSATED" && $0.elements == nil }
            switch run.cause {
            case "STEP_FAILED":
                say(.text(" "), .name(run.error?.stepID ?? "A step"), .text(" failed"))
                if let error = run.error { say(.text(": "), .quote(error.text)) }
                say(.text("."))
            case "DEADLINE_EXCEEDED": say(.text(" Its time was over before every step was done."))
            case "UNDO_REQUESTED": say(.text(" It had completed, and somebody asked for it to be undone."))
            default: break
            }
            switch count {
            case 0: say(.text(stays.isEmpty ? " There was nothing to undo." : " Nothing was undone."))
            case 1: say(.text(" The effect of 1 step was undone."))
            default: say(.text(" The effects of \(count) steps were undone."))
            }
            guard let first = stays.first else { return }
            say(.text(" What "), .name(first))
            if stays.count > 1 { say(.text(" and \(stays.count - 1) more")) }
            say(.text(" did stays: nothing undoes it."))
        }

        /// Steps whose effects nothing undoes, and whose author does not say that they need no undo.
        private var stays: [String] {
            view.allSteps.filter { step in
                guard step.elements == nil, step.status == "SUCCEEDED", step.attempts > 0, !step.isBackward,
                    let defined = view.definition?.step(of: step.id), defined.action.call != nil
                else { return false }
                return defined.compensation == nil && !defined.needsNoUndo
            }.map(\.id)
        }

        /// ` at T, after 3 s.`
        private mutating func ended() {
            if let end = run.completedAt {
                say(.text(" "), .time(end))
                if let begin = run.createdAt { say(.text(" after \(Part.duration(end - begin))")) }
            }
            say(.text("."))
        }

        private mutating func failed() {
            needsPerson = true
            if run.isQuarantined {
                say(.text("Needs a person: it was set aside, because it can't be processed"))
                if let message = run.error?.message { say(.text(": "), .quote(message)) }
                say(.text(". Retry it once the cause is gone, or resolve what you put right by hand."))
                return
            }
            let gaveUp = view.allSteps.filter { $0.compensationStatus == "FAILED" && $0.elements == nil }
            say(.text("Needs a person: "))
            if let first = gaveUp.first {
                say(.text("the undo of "), .name(first.id), .text(" gave up after \(first.compensationAttempts) "))
                say(.text(first.compensationAttempts == 1 ? "attempt" : "attempts"))
                if let message = first.error?.message { say(.text(": "), .quote(message)) }
                if gaveUp.count > 1 { say(.text(", and so did \(gaveUp.count - 1) more")) }
            } else {
                say(.text("an undo gave up"))
                if let message = run.error?.message { say(.text(": "), .quote(message)) }
            }
            say(.text("."))
            if let step = run.error?.beforeStep {
                say(.text(" It had turned back because "), .name(step), .text(" failed"))
                if let before = run.error?.before { say(.text(": "), .quote(before)) }
                say(.text("."))
            }
            let undone = view.allSteps.count { $0.compensationStatus == "COMPENSATED" && $0.elements == nil }
            if undone > 0 { say(.text(" \(undone) other \(undone == 1 ? "step is" : "steps are") undone.")) }
            say(.text(" Retry the undo, or put it right by hand and resolve it."))
        }
    }
}
