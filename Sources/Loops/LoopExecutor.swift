package import NIOCore
import Synchronization

/// Runs tasks on an event loop.
///
/// Whoever waits for sockets and for the database in turns changes threads twice for each wait, unless it lives where its
/// sockets are: then what was read is worked on where it arrived, and what is sent leaves from there. What runs here must
/// take microseconds between its waits and never block.
///
/// Jobs have their turn in the order they come; those that give way (see `ConnectionExecutor`) nearly only while there are no
/// others. After a slice of time the loop looks at its sockets, whatever is left.
package final class LoopExecutor: TaskExecutor {
    private struct Job: Sendable {
        let job: UnownedJob
        let executor: UnownedTaskExecutor
    }
    private struct State: Sendable {
        var jobs = CircularBuffer<Job>()
        var givingWay = CircularBuffer<Job>()
        var isScheduled = false

        /// The next few. Nothing is left when there are none.
        mutating func take() -> [Job] {
            var taken: [Job] = []
            while taken.count < LoopExecutor.stride, let job = jobs.popFirst() { taken.append(job) }
            // Never none at all: whoever gives way is not to wait for ever.
            let most = taken.isEmpty ? LoopExecutor.stride : taken.count + 2
            while taken.count < most, let job = givingWay.popFirst() { taken.append(job) }
            if taken.isEmpty { isScheduled = false }
            return taken
        }
    }

    /// How long jobs run before the loop looks at its sockets.
    private static let slice: Duration = .milliseconds(2)
    /// Whatever is to be run at once a loop runs before it looks at its sockets. So what is to be run afterwards must come
    /// a little later.
    private static let breath: TimeAmount = .microseconds(20)
    /// Jobs taken at once, between two looks at the clock.
    private static let stride = 16

    private let loop: any EventLoop
    private let state = Mutex(State())

    init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        enqueue(UnownedJob(job), on: asUnownedTaskExecutor(), givesWay: false)
    }

    fileprivate func enqueue(_ job: UnownedJob, on executor: UnownedTaskExecutor, givesWay: Bool) {
        let isFirst = state.withLock { state in
            let job = Job(job: job, executor: executor)
            if givesWay { state.givingWay.append(job) } else { state.jobs.append(job) }
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        // A batch that is committed wakes hundreds of tasks at once: the loop hears of it once.
        if isFirst { loop.execute { self.drain() } }
    }

    private func drain() {
        let end = ContinuousClock.now + Self.slice
        repeat {
            let jobs = state.withLock { $0.take() }
            if jobs.isEmpty { return }
            for job in jobs { job.job.runSynchronously(on: job.executor) }
        } while ContinuousClock.now < end
        loop.scheduleTask(in: Self.breath) { self.drain() }
    }
}

/// Runs the tasks of one connection on its event loop, and lets what has time give way to what has none.
package final class ConnectionExecutor: TaskExecutor {
    private let loop: LoopExecutor
    private let isToGiveWay = Atomic<Bool>(false)

    /// - Parameter loop: of the connection's event loop. Must outlive the tasks, as this one must.
    package init(_ loop: LoopExecutor) { self.loop = loop }

    /// The next job gives way to all others of the loop. For a request that is just handed to the task that waits for it.
    package func giveWay() { isToGiveWay.store(true, ordering: .relaxed) }

    package func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(
            UnownedJob(job), on: asUnownedTaskExecutor(),
            givesWay: isToGiveWay.exchange(false, ordering: .relaxed))
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
