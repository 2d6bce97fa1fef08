import Synchronization

extension GroupCommitter {
    /// What a lane writes: items, each of which somebody waits for.
    package final class Batch: Sendable {
        /// At least one.
        package let items: [Item]
        private let answers: [Answer]
        private let unanswered: Atomic<Int>
        private let holdUp: @Sendable () -> Void

        init(_ waiting: some Collection<Waiting>, holdUp: @escaping @Sendable () -> Void) {
            items = waiting.map(\.item)
            answers = waiting.map(\.answer)
            unanswered = Atomic(waiting.count)
            self.holdUp = holdUp
        }

        /// Every item has its answer.
        var isAnswered: Bool { unanswered.load(ordering: .acquiring) == 0 }

        /// Answers who waits for an item, once.
        package func answer(_ place: Int, _ result: Result<Output, StoreError>) {
            unanswered.subtract(1, ordering: .acquiringAndReleasing)
            answers[place].resume(returning: result)
        }

        /// What is left may take its time: who comes from now on need not wait for this lane.
        package func isHeldUp() { holdUp() }
    }
}
