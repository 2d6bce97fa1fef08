@testable import Storage
import Synchronization
import Testing

@Suite("Writes are batched by nature", .timeLimit(.minutes(3)))
struct GroupCommitterTests {
    /// A flush that tells of every batch and waits until it is let go.
    private struct Gate {
        let batches: AsyncStream<[Int]>
        let committer: GroupCommitter<Int, Int>
        private let release: AsyncStream<Void>.Continuation

        init(
            maxBatch: Int, maxWaiting: Int, lanes: Int = 1, stuckAfter: Duration = .seconds(30), rest: Duration = .zero
        ) {
            let (batches, seen) = AsyncStream.makeStream(of: [Int].self)
            let (releases, release) = AsyncStream.makeStream(of: Void.self)
            self.batches = batches
            self.release = release
            committer = GroupCommitter(
                maxBatch: maxBatch, maxWaiting: maxWaiting, lanes: lanes, stuckAfter: stuckAfter, rest: { _ in rest }
            ) { batch in
                seen.yield(batch.items)
                for await _ in releases { break }
                for (place, item) in batch.items.enumerated() {
                    batch.answer(place, item == 13 ? .failure(.overloaded) : .success(item * 10))
                }
            }
        }

        /// Lets one batch end.
        func open() { release.yield() }
    }

    @Test("An idle lane takes one item at once; while it is busy the next batch collects, up to the cap")
    func batches() async throws {
        let gate = Gate(maxBatch: 3, maxWaiting: 100)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.committer.run() }
            var batches = gate.batches.makeAsyncIterator()
            group.addTask { #expect((try? await gate.committer.submit(1)) == 10) }
            #expect(await batches.next() == [1])
            for item in 2...6 {
                group.addTask { #expect((try? await gate.committer.submit(item)) == item * 10) }
                while gate.committer.waitingCount < item - 1 { await Task.yield() }
            }
            gate.open()
            #expect(await batches.next() == [2, 3, 4])
            gate.open()
            #expect(await batches.next() == [5, 6])
            gate.open()
            gate.committer.close()
        }
    }

    @Test("A batch is bounded by weight, too; one item is a batch whatever it weighs")
    func weights() async throws {
        let (batches, seen) = AsyncStream.makeStream(of: [Int].self)
        let committer = GroupCommitter<Int, Int>(
            maxBatch: 10, maxWaiting: 100, maxWeight: 10, weigh: { $0 }, lanes: 1
        ) { batch in
            seen.yield(batch.items)
            for (place, item) in batch.items.enumerated() { batch.answer(place, .success(item)) }
        }
        await withTaskGroup(of: Void.self) { group in
            for (place, item) in [4, 5, 6, 30, 1].enumerated() {
                group.addTask { #expect((try? await committer.submit(item)) == item) }
                while committer.waitingCount < place + 1 { await Task.yield() }
            }
            group.addTask { await committer.run() }
            var written = batches.makeAsyncIterator()
            for expected in [[4, 5], [6], [30], [1]] { #expect(await written.next() == expected) }
            committer.close()
        }
    }

    @Test("Beyond its bound the queue refuses instead of growing; what was accepted is written, also after closing")
    func bounds() async throws {
        let gate = Gate(maxBatch: 10, maxWaiting: 2)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.committer.run() }
            var batches = gate.batches.makeAsyncIterator()
            group.addTask { #expect((try? await gate.committer.submit(1)) == 10) }
            #expect(await batches.next() == [1])
            for item in [2, 13] {
                group.addTask {
                    let result = try? await gate.committer.submit(item)
                    #expect(result == (item == 13 ? nil : 20), "each item has its own answer")
                }
            }
            while gate.committer.waitingCount < 2 { await Task.yield() }
            await #expect(throws: StoreError.self) { try await gate.committer.submit(3) }
            gate.committer.close()
            await #expect(throws: StoreError.self) { try await gate.committer.submit(4) }
            gate.open()
            #expect(Set(await batches.next() ?? []) == [2, 13])
            gate.open()
        }
    }

    @Test("A second lane begins with a full batch, not before; what is left when one is done goes with the next")
    func lanes() async throws {
        let gate = Gate(maxBatch: 3, maxWaiting: 100, lanes: 2)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.committer.run() }
            var batches = gate.batches.makeAsyncIterator()
            func submit(_ item: Int) {
                group.addTask { #expect((try? await gate.committer.submit(item)) == item * 10) }
            }
            submit(1)
            #expect(await batches.next() == [1])
            for item in 2...3 {
                submit(item)
                while gate.committer.waitingCount < item - 1 { await Task.yield() }
            }
            try? await Task.sleep(for: .milliseconds(50))
            #expect(gate.committer.waitingCount == 2, "the second lane leaves them to the first")
            submit(4)
            #expect(await batches.next() == [2, 3, 4])
            submit(5)
            while gate.committer.waitingCount < 1 { await Task.yield() }
            gate.open()
            try? await Task.sleep(for: .milliseconds(50))
            #expect(gate.committer.waitingCount == 1, "the other lane is still at work")
            gate.open()
            #expect(await batches.next() == [5])
            gate.committer.close()
            gate.open()
        }
    }

    @Test("A lane that is stuck holds nobody up: others go on beside it, also when nobody comes who would notice")
    func stuck() async throws {
        let gate = Gate(maxBatch: 100, maxWaiting: 100, lanes: 2, stuckAfter: .milliseconds(250))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.committer.run() }
            var batches = gate.batches.makeAsyncIterator()
            func submit(_ item: Int) {
                group.addTask { #expect((try? await gate.committer.submit(item)) == item * 10) }
            }
            submit(1)
            #expect(await batches.next() == [1])
            submit(2)
            #expect(await batches.next() == [2])
            gate.open()
            gate.open()
            gate.committer.close()
        }
    }

    @Test(
        "A lane that is to rest gathers what comes meanwhile; with nothing to do it does not rest, and closing loses nothing"
    )
    func rest() async throws {
        let gate = Gate(maxBatch: 10, maxWaiting: 100, rest: .milliseconds(200))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await gate.committer.run() }
            var batches = gate.batches.makeAsyncIterator()
            func submit(_ item: Int) {
                group.addTask { #expect((try? await gate.committer.submit(item)) == item * 10) }
            }
            submit(1)
            #expect(await batches.next() == [1])
            submit(2)
            while gate.committer.waitingCount < 1 { await Task.yield() }
            gate.open()
            try? await Task.sleep(for: .milliseconds(50))
            #expect(gate.committer.waitingCount == 1, "it rests")
            submit(3)
            #expect(Set(await batches.next() ?? []) == [2, 3])
            gate.open()
            try? await Task.sleep(for: .milliseconds(50))
            let asked = ContinuousClock.now
            submit(4)
            #expect(await batches.next() == [4])
            #expect(.now - asked < .milliseconds(150), "nothing waited when the last batch was done")
            submit(5)
            while gate.committer.waitingCount < 1 { await Task.yield() }
            gate.committer.close()
            gate.open()
            #expect(await batches.next() == [5])
            gate.open()
        }
    }

    @Test("The more engines share a database, the longer each gathers, up to a bound; one by itself does not")
    func sharing() {
        #expect(DecisionCommitter.rest(after: .milliseconds(4), others: 0) == .zero)
        #expect(DecisionCommitter.rest(after: .milliseconds(4), others: 1) == .milliseconds(4))
        #expect(DecisionCommitter.rest(after: .milliseconds(4), others: 40) == .milliseconds(12))
        #expect(DecisionCommitter.rest(after: .seconds(1), others: 1) == .milliseconds(75))
    }
}
