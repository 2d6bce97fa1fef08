@testable import Storage
import Synchronization
import Testing

@Suite("Writes are batched by nature")
struct GroupCommitterTests {
    /// A flush that tells of every batch and waits until it is let go.
    private struct Gate {
        let batches: AsyncStream<[Int]>
        let committer: GroupCommitter<Int, Int>
        private let release: AsyncStream<Void>.Continuation

        init(maxBatch: Int, maxWaiting: Int) {
            let (batches, seen) = AsyncStream.makeStream(of: [Int].self)
            let (releases, release) = AsyncStream.makeStream(of: Void.self)
            self.batches = batches
            self.release = release
            committer = GroupCommitter(maxBatch: maxBatch, maxWaiting: maxWaiting, lanes: 1) { batch in
                seen.yield(batch)
                for await _ in releases { break }
                return batch.map { $0 == 13 ? .failure(.overloaded) : .success($0 * 10) }
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
}
