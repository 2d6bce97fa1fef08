// The simulator's time. One thread runs everything: the jobs of tasks in the order they became ready, and when there are
// none, the next thing that was put off until later, at its time. No real time passes, and the same seed gives the same
// order.

/// Runs tasks and what was put off, in an order that follows from the seed alone.
///
/// Unchecked, because all of it belongs to the one thread that calls `run`: an executor is how that is made so.
package final class Schedule: TaskExecutor, @unchecked Sendable {
    private struct Later {
        let time: Duration
        /// Among those of the same time: the order in which they were put off.
        let number: Int
        let work: () -> Void

        static func < (one: Later, other: Later) -> Bool {
            one.time == other.time ? one.number < other.number : one.time < other.time
        }
    }

    private var jobs: [UnownedJob] = []
    private var later: [Later] = []
    private var lastNumber = 0
    /// How long the simulation has lasted.
    package private(set) var now = Duration.zero
    /// What has been done so far: jobs and what was put off.
    package private(set) var turns = 0
    package var random: SeededGenerator

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    package func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    /// Does `work` after this time.
    package func after(_ delay: Duration, _ work: @escaping () -> Void) {
        lastNumber += 1
        later.append(Later(time: now + max(.zero, delay), number: lastNumber, work: work))
        siftUp()
    }

    package func sleep(_ delay: Duration) async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            after(delay) { continuation.resume() }
        }
    }

    /// Goes on until `isOver`, or nothing is left to do, or `turns` were taken.
    package func run(turns limit: Int, until isOver: () -> Bool) {
        let end = turns + limit
        while turns < end {
            drainJobs()
            if isOver() { return }
            guard let next = popFirst() else { return }
            now = next.time
            turns += 1
            next.work()
        }
    }

    private func drainJobs() {
        while !jobs.isEmpty {
            let ready = jobs
            jobs = []
            for job in ready {
                turns += 1
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
    }

    // A binary heap.

    private func siftUp() {
        var child = later.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard later[child] < later[parent] else { return }
            later.swapAt(child, parent)
            child = parent
        }
    }

    private func popFirst() -> Later? {
        guard let first = later.first else { return nil }
        let last = later.removeLast()
        if later.isEmpty { return first }
        later[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < later.count && later[child] < later[least] {
                least = child
            }
            if least == parent { return first }
            later.swapAt(parent, least)
            parent = least
        }
    }
}
