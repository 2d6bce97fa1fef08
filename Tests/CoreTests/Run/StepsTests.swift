@testable import Core
import Simulation
import Testing

@Suite("Steps in pieces are a collection like any other")
struct StepsTests {
    /// So many steps, each told by its attempts.
    private static func numbered(_ count: Int) -> [Step] {
        (0..<count).map {
            var step = Step()
            step.attempts = $0
            return step
        }
    }

    @Test("whatever their number", arguments: [0, 1, 63, 64, 65, 127, 128, 129, 1000, 10_010])
    func whole(count: Int) {
        let array = Self.numbered(count)
        var steps = Steps(array)
        #expect(Array(steps) == array && steps.count == count && steps.isEmpty == (count == 0))
        for index in steps.indices { steps[index].attempts += 1 }
        #expect(steps.map(\.attempts) == Array(1..<count + 1))
        #expect(steps.hasActive { $0.attempts == count } == (count > 0) && !steps.hasActive { $0.attempts == 0 })
        #expect(steps.activePlaces { $0.attempts.isMultiple(of: 50) } == Array(stride(from: 49, to: count, by: 50)))
        #expect(steps.leastOfActive { -$0.attempts } == (count == 0 ? nil : -count))
        #expect(Steps(count: count) == Steps(Array(repeating: Step(), count: count)))
    }

    @Test("however they were added")
    func appended() {
        var steps = Steps(count: 3)
        for count in [0, 1, 60, 1, 64, 63, 200] { steps.append(count) }
        #expect(
            steps.count == 392 && steps == Steps(count: 392) && Array(steps) == Array(repeating: Step(), count: 392))
    }

    /// Steps as they may be, of every status and way back.
    private static let kinds: [Step] = {
        var kinds: [Step] = []
        for status in StepStatus.allCases {
            for compensation in CompensationStatus.allCases {
                for number in 0..<8 {
                    var step = Step()
                    (step.status, step.compensationStatus) = (status, compensation)
                    step.attempts = number & 1
                    step.nextAttemptAt = number & 2 == 0 ? nil : Instant(microseconds: Int64(number))
                    step.awaitsPerson = number & 4 != 0
                    kinds.append(step)
                }
            }
        }
        return kinds
    }()

    @Test("what it counts is what there is, however they were changed")
    func tally() {
        var random = SeededGenerator(seed: 7)
        var steps = Steps(count: 300)
        for _ in 0..<2000 {
            let index = Int.random(in: steps.indices, using: &random)
            steps[index] = Self.kinds[Int.random(in: Self.kinds.indices, using: &random)]
            if Bool.random(using: &random) { steps[index].attempts += 1 }
            let end = Int.random(in: 0...300, using: &random)
            let range = Int.random(in: 0...end, using: &random)..<end
            var sum = Steps.Tally()
            for place in range { sum += Steps.Tally(steps[place]) }
            let counted = steps.tally(of: range)
            #expect(counted.active == sum.active && counted.atWork == sum.atWork)
            #expect(counted.untouched == sum.untouched && counted.failed == sum.failed)
            #expect(steps.first(of: range) { $0.untouched } == range.first { Steps.Tally(steps[$0]).untouched > 0 })
        }
        let calls = steps.indices.filter { steps[$0].callInFlight != nil }
        #expect(!calls.isEmpty && steps.activePlaces { $0.callInFlight != nil } == calls)
    }

    @Test("whatever is waited for, called, undone or left to a person is active")
    func active() {
        for step in Self.kinds {
            let happens =
                step.openAttempt != nil || step.nextAttemptAt != nil || step.status == .waiting || step.awaitsPerson
                || step.compensationStatus != .notRequired
            if happens { #expect(Steps.Tally(step).active == 1) }
        }
        for phase in ChildRun.Phase.allCases {
            var step = Step()
            step.status = .succeeded
            step.child = ChildRun(runID: RunID(high: 1, low: 2), workflow: "w", phase: phase)
            #expect(Steps.Tally(step).active == (step.awaitsChild ? 1 : 0))
        }
        #expect(Steps.Tally(Step()).active == 0 && Steps.Tally(Step()).untouched == 1)
    }

    @Test("what may have changed is told by the piece, and what is new with it")
    func changes() {
        let before = Steps(count: 200)
        var after = before
        #expect(after.places(changedSince: before).isEmpty)
        after[70].attempts = 1
        after[199].attempts = 1
        #expect(after.places(changedSince: before) == [64..<128, 192..<200] && before[70].attempts == 0)
        after.append(60)
        #expect(after.places(changedSince: before) == [64..<128, 192..<256, 256..<260])
    }
}
