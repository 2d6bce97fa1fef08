@testable import Core
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
        #expect(steps.contains { $0.attempts == count } == (count > 0) && !steps.contains { $0.attempts == 0 })
        #expect(steps.places { $0.attempts.isMultiple(of: 50) } == Array(stride(from: 49, to: count, by: 50)))
        #expect(steps.least { -$0.attempts } == (count == 0 ? nil : -count))
        #expect(Steps(count: count) == Steps(Array(repeating: Step(), count: count)))
    }

    @Test("however they were added")
    func appended() {
        var steps = Steps(count: 3)
        for count in [0, 1, 60, 1, 64, 63, 200] { steps.append(count) }
        #expect(steps.count == 392 && steps == Steps(count: 392) && Array(steps) == Array(repeating: Step(), count: 392))
    }

    @Test("some are looked at in order, over the ends of pieces")
    func look() {
        let steps = Steps(Self.numbered(300))
        for range in [0..<0, 0..<300, 5..<7, 60..<70, 64..<128, 127..<129, 299..<300] {
            var seen: [Int] = []
            steps.look(at: range) { index, step in if index == step.attempts { seen.append(index) } }
            #expect(seen == Array(range))
        }
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
