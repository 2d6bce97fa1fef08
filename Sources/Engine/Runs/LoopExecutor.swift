import NIOCore
import Synchronization

/// Runs the workers of runs on an event loop, the same on which their calls are made.
///
/// An answer read from a socket is decided on where it arrived, and the next call of the run leaves from there: between the
/// two there is no other thread than that of the commit. What a worker does between waits takes microseconds, and nothing
/// in it blocks.
final class LoopExecutor: TaskExecutor {
    private struct State: Sendable {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    private let loop: any EventLoop
    private let state = Mutex(State())

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        // A batch of decisions that is committed wakes hundreds of workers at once: the loop hears of it once.
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

/// The executors of all event loops of an engine, taking turns.
final class LoopExecutors: Sendable {
    private let executors: [LoopExecutor]
    private let turn = Atomic<Int>(0)

    init(_ loops: any EventLoopGroup) { executors = loops.makeIterator().map { LoopExecutor($0) } }

    /// The next in turn.
    func next() -> LoopExecutor {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: turn) % UInt(executors.count))]
    }
}
