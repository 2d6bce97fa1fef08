import Audit
import Core
import Testing

/// One thing that must never happen, done to a recording.
private struct Falsehood: Sendable, CustomTestStringConvertible {
    let what: String
    /// Of the step whose action is rejected; nil for a run that completes.
    var failing: String?
    let invariants: [Int]
    let make: @Sendable (inout Recording) -> Void

    var testDescription: String { what }

    static let all = [
        Falsehood(what: "an effect made twice", invariants: [4]) { $0.note(.effect, "b", .execute, 1) },
        Falsehood(what: "an effect undone in a completed run", invariants: [4]) {
            $0.note(.undo, "b", .compensate, 1)
        },
        Falsehood(what: "an effect that was left standing", failing: "b", invariants: [4, 5]) { recording in
            recording.entries.removeAll { $0.kind == .undo }
        },
        Falsehood(what: "an effect after the compensation", failing: "b", invariants: [4, 7]) {
            $0.note(.effect, "a", .execute, 1)
        },
        Falsehood(what: "a call nobody intended", invariants: [8]) { $0.note(.received, "b", .execute, 9) },
        Falsehood(what: "another body under the same key", invariants: [9]) {
            $0.note(.received, "b", .execute, 1, body: "other")
        },
        Falsehood(what: "something after the end", invariants: [11, 12]) { $0.append(.runFailed(.some)) },
        Falsehood(what: "a gap in the history", invariants: [4, 10, 11, 12]) { recording in
            recording.events.removeAll { $0.row.kind == .attemptSucceeded && $0.row.stepID == "a" }
        },
        Falsehood(what: "no history at all", invariants: [8, 10, 11, 12]) { $0.events = [] },
        Falsehood(what: "a step's row that the history does not tell of", invariants: [12]) { recording in
            var step = recording.steps[0].step
            step.attempts = 7
            recording.steps[0] = StepRow(index: 0, stepID: "a", step: step)
        },
        Falsehood(what: "a snapshot that has not seen the end", invariants: [12]) { $0.seen -= 1 },
        Falsehood(what: "a snapshot of events that are not there", invariants: [12]) { $0.seen += 1 },
        Falsehood(what: "a write under an old epoch", invariants: [11, 12, 13]) {
            $0.append(.deadlineExceeded, epoch: 0)
        },
    ]
}

extension Failure {
    fileprivate static let some = Failure(kind: "any", message: "any")
}

struct RunAuditTests {
    @Test("a run that went right is found right, whatever way it took")
    func clean() throws {
        let completed = try Recording()
        #expect(completed.row.status == .completed)
        #expect(completed.invariants() == [])
        let undone = try Recording(failing: "b")
        #expect(undone.row.status == .compensated)
        #expect(undone.invariants() == [])
    }

    @Test("each falsehood is found, by its invariant", arguments: Falsehood.all)
    private func falsehoods(_ falsehood: Falsehood) throws {
        var recording = try Recording(failing: falsehood.failing)
        falsehood.make(&recording)
        #expect(recording.invariants() == falsehood.invariants)
    }

    @Test("a live run is a violation only where none is allowed")
    func live() throws {
        let recording = try Recording(calls: 1)
        #expect(recording.row.status == .running)
        #expect(recording.invariants() == [2])
        #expect(recording.invariants(allowsLiveRuns: true) == [])
    }

    @Test("what follows an event of a newer version is not judged, what comes before it is")
    func newerVersion() throws {
        var recording = try Recording()
        let last = try #require(recording.events.last)
        var row = last.row
        row.kind = nil
        recording.events.append(
            StoredEvent(
                sequence: last.sequence + 1, at: last.at, kind: "run_archived", action: nil, outcome: nil, row: row,
                engineID: last.engineID, epoch: 1, traceID: nil))
        recording.append(.deadlineExceeded)
        #expect(recording.invariants() == [])
        recording.events.remove(at: 1)
        #expect(recording.invariants() == [11])
    }
}
