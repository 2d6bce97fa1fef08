@testable import Storage
import Testing
import TestSupport

@Suite("A batch that takes its time holds up neither who is written already nor who comes", .timeLimit(.minutes(3)))
struct StuckLaneTests {
    private typealias Committer = GroupCommitter<Int, Int>

    /// A batch that is being written until it is answered.
    private struct Written: Sendable {
        let batch: Committer.Batch
        let end: Gate

        var items: [Int] { batch.items }

        func answer() {
            for (place, item) in items.enumerated() { batch.answer(place, .success(item * 10)) }
            end.open()
        }
    }

    /// Two lanes; each batch is shown to the test, which answers it and lets it end.
    private struct Lanes {
        let batches: AsyncStream<Written>
        let committer: Committer

        init(lanes: Int = 2, stuckAfter: Duration = .milliseconds(250)) {
            let (batches, seen) = AsyncStream.makeStream(of: Written.self)
            self.batches = batches
            committer = Committer(maxBatch: 100, maxWaiting: 100, lanes: lanes, stuckAfter: stuckAfter) { batch in
                let end = Gate()
                seen.yield(Written(batch: batch, end: end))
                await end.wait()
            }
        }

        /// Runs `body` beside the lanes; `submit` hands over an item and expects its answer.
        func run(_ body: (_ submit: (Int) -> Void) async -> Void) async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await committer.run() }
                await body { item in
                    group.addTask { #expect((try? await committer.submit(item)) == item * 10) }
                }
                committer.close()
            }
        }

        /// The next batch that is to be written.
        func next() async -> Written? {
            for await batch in batches { return batch }
            return nil
        }
    }

    private func wait(until isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }

    @Test("What waits behind a lane that is stuck gets another one after 250 ms, although nobody else comes")
    func timer() async throws {
        let lanes = Lanes()
        await lanes.run { submit in
            await wait { !lanes.committer.isWatching }
            submit(1)
            let first = await lanes.next()
            #expect(!lanes.committer.isWatching, "nothing waits: there is no timer")
            let began = ContinuousClock.now
            submit(2)
            await wait { lanes.committer.isWatching }
            let second = await lanes.next()
            let took = ContinuousClock.now - began
            #expect(second?.items == [2])
            #expect(took > .milliseconds(200) && took < .seconds(2), "\(took)")
            await wait { !lanes.committer.isWatching }
            submit(3)
            await wait { lanes.committer.waitingCount == 1 }
            #expect(!lanes.committer.isWatching, "there is no lane left that it could wake")
            second?.answer()
            let third = await lanes.next()
            #expect(third?.items == [3], "who is done takes what waits behind the one that is stuck")
            first?.answer()
            third?.answer()
        }
    }

    @Test("With one lane there is nobody to wake, and no timer")
    func oneLane() async throws {
        let lanes = Lanes(lanes: 1)
        await lanes.run { submit in
            submit(1)
            let first = await lanes.next()
            submit(2)
            await wait { lanes.committer.waitingCount == 1 }
            first?.answer()
            await lanes.next()?.answer()
        }
    }

    @Test("Who closes while a timer runs does not wait for it, and what waits is written")
    func closing() async throws {
        let lanes = Lanes(stuckAfter: .seconds(30))
        let began = ContinuousClock.now
        await lanes.run { submit in
            // Before its first look it counts as watching.
            await wait { !lanes.committer.isWatching }
            submit(1)
            let first = await lanes.next()
            submit(2)
            await wait { lanes.committer.isWatching }
            lanes.committer.close()
            first?.answer()
            await lanes.next()?.answer()
        }
        #expect(ContinuousClock.now - began < .seconds(10))
    }

    @Test("Each item is answered by itself: one whose fate is known does not wait for its batch")
    func oneByOne() async throws {
        let lanes = Lanes()
        let known = Gate()
        await withTaskGroup(of: Void.self) { group in
            for item in 1...2 {
                group.addTask {
                    let answer = try? await lanes.committer.submit(item)
                    #expect(answer == item * 10)
                    if item == 1 { known.open() }
                }
                await wait { lanes.committer.waitingCount == item }
            }
            group.addTask { await lanes.committer.run() }
            guard let written = await lanes.next() else { return }
            let batch = written.batch
            #expect(batch.items == [1, 2])
            batch.answer(0, .success(10))
            await known.wait()
            #expect(!batch.isAnswered)
            batch.answer(1, .success(20))
            #expect(batch.isAnswered)
            written.end.open()
            lanes.committer.close()
        }
    }

    @Test("A lane that says that its rest takes long is not waited for, by those who wait and by those who come")
    func heldUp() async throws {
        let lanes = Lanes(stuckAfter: .seconds(30))
        await lanes.run { submit in
            submit(1)
            guard let first = await lanes.next() else { return }
            submit(2)
            await wait { lanes.committer.waitingCount == 1 }
            first.batch.isHeldUp()
            guard let second = await lanes.next() else { return }
            #expect(second.items == [2])
            second.answer()
            submit(3)
            guard let third = await lanes.next() else { return }
            third.answer()
            first.answer()
        }
    }
}
