import Audit
import Core
import Testing

/// Invariant 23.
@Suite("The audit of runs that do others anew")
struct RestartAuditTests {
    /// A chain that COMPLETED, and one that does it anew from `b` on, and so takes `a` over.
    private struct Pair {
        var old: Recording
        var new: Recording

        init(handsOver steps: [Int] = [0]) throws {
            var old = try Recording()
            let kept = KeptStep(step: 0, output: [:], answer: nil, effectOf: old.row.runID)
            let restart = Restart(run: old.row.runID, fromStep: 1, by: "ann", reason: "Again.", kept: [kept])
            var new = try Recording(old.definition, id: RunID(high: 1, low: 3), restart: restart)
            let ledgers = [old.row.runID: old.entries, new.row.runID: new.entries]
            new.entries = LedgerEntry.entries(of: new.row.runID, new.events) { ledgers[$0] ?? [] }
            old.insert(
                .restartedAs(run: new.row.runID, steps: steps, by: "ann", reason: "Again."), at: old.events.count)
            (self.old, self.new) = (old, new)
        }

        /// What the audit says of them together.
        func invariants(_ others: Recording..., isMissing: @escaping (RunID) -> Bool = { _ in false }) -> [Int] {
            let notes = ([old, new] + others).compactMap { OwnershipAudit.Note($0.row.runID, $0.events) }
            return Set(OwnershipAudit.violations(notes, isMissing: isMissing).map(\.invariant)).sorted()
        }
    }

    @Test("a run that was done anew and the one that does so are found right")
    func clean() throws {
        let pair = try Pair()
        #expect(pair.new.row.status == .completed && pair.new.entries.contains { $0.stepID == "a" })
        #expect(pair.old.invariants() == [] && pair.new.invariants() == [] && pair.invariants() == [])
    }

    @Test("what is taken over before it is said from whom is found")
    func order() throws {
        var run = try Pair().new
        run.move(try run.place(of: .stepKept), to: try run.place(of: .restartedFrom))
        #expect(run.invariants() == [23])
    }

    @Test("what was taken over and is undone in a run that COMPLETED is found")
    func undone() throws {
        var run = try Pair().new
        run.note(.undo, "a", .compensate, 1)
        #expect(run.invariants() == [23])
    }

    @Test("a run that is done anew before it has ended is found")
    func live() throws {
        var run = try Pair().old
        run.move(try run.place(of: .restartedAs), to: try run.place(of: .runCompleted))
        #expect(run.invariants() == [23])
    }

    @Test("a run that is done anew twice is found")
    func twice() throws {
        var run = try Pair().old
        run.insert(.restartedAs(run: RunID(high: 7, low: 7), steps: [], by: "bob", reason: "x"), at: run.events.count)
        #expect(run.invariants() == [23])
    }

    @Test("what is handed over though it was undone is found")
    func nothingThere() throws {
        var run = try Recording(failing: "b")
        run.insert(
            .restartedAs(run: RunID(high: 7, low: 7), steps: [0], by: "ann", reason: "x"), at: run.events.count)
        #expect(run.invariants() == [23])
    }

    @Test("two that tell differently of what one has taken over from the other are found")
    func different() throws {
        let pair = try Pair(handsOver: [0, 1])
        #expect(pair.old.invariants() == [] && pair.new.invariants() == [])
        #expect(pair.invariants() == [23])
    }

    @Test("one that does not know that it is done anew is found, and so is one that knows of nobody")
    func unknown() throws {
        var pair = try Pair()
        pair.old = try Recording()
        #expect(pair.invariants() == [23])
        #expect(pair.invariants { $0 == pair.old.row.runID } == [], "retention has deleted it")
        pair = try Pair()
        pair.new = try Recording(pair.old.definition, id: pair.new.row.runID)
        #expect(pair.invariants() == [23])
        #expect(pair.invariants { $0 == pair.new.row.runID } == [])
    }

    @Test("an effect that two runs have taken over is found, unless the one has handed it on to the other")
    func owners() throws {
        var pair = try Pair()
        let kept = KeptStep(step: 0, output: [:], answer: nil, effectOf: pair.old.row.runID)
        let restart = Restart(run: pair.new.row.runID, fromStep: 1, by: "ann", reason: "Again.", kept: [kept])
        let third = try Recording(pair.old.definition, id: RunID(high: 1, low: 4), restart: restart)
        func hand(_ steps: [Int]) -> RunEvent {
            .restartedAs(run: third.row.runID, steps: steps, by: "ann", reason: "Again.")
        }
        pair.new.insert(hand([0]), at: pair.new.events.count)
        #expect(pair.invariants(third) == [])
        // Of runs that say nothing of each other it is found as well.
        let other = Restart(run: RunID(high: 8, low: 8), fromStep: 1, by: "ann", reason: "Again.", kept: [kept])
        let stranger = try Recording(pair.old.definition, id: RunID(high: 1, low: 5), restart: other)
        #expect(pair.invariants(third, stranger) { $0 == RunID(high: 8, low: 8) } == [23])
    }
}
