package import NIOCore
import Synchronization

/// Runs tasks on an event loop.
///
/// Whoever waits for sockets and for the database in turns changes threads twice for each wait, unless it lives where its
/// sockets are: then what was read is worked on where it arrived, and what is sent leaves from there. What runs here must
/// take microseconds between its waits and never block.
package final class LoopExecutor: TaskExecutor {
    private struct State: Sendable {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    private let loop: any EventLoop
    private let state = Mutex(State())

    init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        // A batch that is committed wakes hundreds of tasks at once: the loop hears of it once.
        if isFirst { loop.execute { self.drain() } }
    }

    /// Runs what has come so far. What comes meanwhile has its turn after the loop has looked at its sockets.
    private func drain() {
        let jobs = state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        let isDone = state.withLock { state in
            state.isScheduled = !state.jobs.isEmpty
            return !state.isScheduled
        }
        if !isDone { loop.execute { self.drain() } }
    }
}

/// An executor for each event loop of a group.
package final class LoopExecutors: Sendable {
    private let executors: [LoopExecutor]
    private let byLoop: [ObjectIdentifier: LoopExecutor]
    private let turn = Atomic<Int>(0)

    package init(_ group: any EventLoopGroup) {
        let loops = Array(group.makeIterator())
        executors = loops.map { LoopExecutor($0) }
        byLoop = Dictionary(uniqueKeysWithValues: zip(loops.map { ObjectIdentifier($0) }, executors))
    }

    /// The next in turn.
    package func next() -> LoopExecutor {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: turn) % UInt(executors.count))]
    }

    /// That of a loop; nil when it is none of the group's.
    package func executor(of loop: any EventLoop) -> LoopExecutor? { byLoop[ObjectIdentifier(loop)] }
}
