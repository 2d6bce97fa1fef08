package import NIOCore
package import NIOPosix
import Synchronization

/// Runs tasks on an event loop.
///
/// Whoever waits for sockets and for the database in turns changes threads twice for each wait, unless it lives where its
/// sockets are: then what was read is worked on where it arrived, and what is sent leaves from there. What runs here must
/// take microseconds between its waits and never block.
///
/// Jobs have their turn in the order they come; work that gives way nearly only while there are none. After a slice of time the
/// loop looks at its sockets, whatever is left to do.
package final class LoopExecutor: TaskExecutor {
    private struct Turn {
        var jobs: [UnownedJob] = []
        var givingWay: [@Sendable () -> Void] = []

        var isEmpty: Bool { jobs.isEmpty && givingWay.isEmpty }
    }
    private struct State: Sendable {
        var jobs = CircularBuffer<UnownedJob>()
        var givingWay = CircularBuffer<@Sendable () -> Void>()
        var isScheduled = false
        private var slice = (look: -1, end: ContinuousClock.now)

        /// The next few. Nothing is left when there are none.
        mutating func take() -> Turn {
            var turn = Turn()
            while turn.jobs.count < LoopExecutor.stride, let job = jobs.popFirst() { turn.jobs.append(job) }
            // Never none at all: what gives way is not to wait for ever.
            let most = turn.jobs.isEmpty ? LoopExecutor.stride : LoopExecutor.givingWay
            while turn.givingWay.count < most, let work = givingWay.popFirst() {
                turn.givingWay.append(work)
            }
            if turn.isEmpty { isScheduled = false }
            return turn
        }

        /// Until when jobs run before the loop's next look at its sockets.
        mutating func endOfSlice(_ look: Int, _ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
            if slice.look != look { slice = (look, now + LoopExecutor.slice) }
            return slice.end
        }

        /// Whether the loop must be told of what was just added. It hears once of hundreds of tasks that the commit of a batch
        /// wakes at once.
        mutating func schedule() -> Bool {
            defer { isScheduled = true }
            return !isScheduled
        }
    }

    /// How long jobs run before the loop looks at its sockets.
    private static let slice: Duration = .milliseconds(2)
    /// Whatever is to be run at once a loop runs before it looks at its sockets. So what is to be run afterwards must come
    /// a little later.
    private static let breath: TimeAmount = .microseconds(20)
    /// Jobs taken at once, between two looks at the clock.
    private static let stride = 16
    /// What has given way and is taken with them.
    private static let givingWay = 2

    private let loop: any EventLoop
    private let state = Mutex(State())
    /// How often the loop has come to its sockets.
    private let looks = Atomic<Int>(0)

    init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            return state.schedule()
        }
        if isFirst { loop.execute { self.drain() } }
    }

    /// Does `work` on the loop when no task is ready to run there; when there always is one, before long all the same.
    package func giveWay(_ work: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.givingWay.append(work)
            return state.schedule()
        }
        if isFirst { loop.execute { self.drain() } }
    }

    private func drain() {
        let look = looks.load(ordering: .relaxed)
        var now = ContinuousClock.now
        let end = state.withLock { $0.endOfSlice(look, now) }
        while now < end {
            let turn = state.withLock { $0.take() }
            if turn.isEmpty { return }
            for job in turn.jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            for work in turn.givingWay { work() }
            now = .now
        }
        drain(after: look)
    }

    private func drain(after look: Int) {
        loop.scheduleTask(in: Self.breath) {
            // What others had the loop do meanwhile may have lasted until now: then it has not come to its sockets yet.
            guard self.looks.load(ordering: .relaxed) != look else { return self.drain(after: look) }
            self.drain()
        }
    }

    /// The loop has nothing to do at once, and turns to its sockets.
    fileprivate func looksAtSockets() { looks.wrappingAdd(1, ordering: .relaxed) }
}

/// Event loops, and an executor for each.
package final class LoopExecutors: Sendable {
    /// Those of the process: one for each core.
    package static let shared = LoopExecutors(threads: System.coreCount)

    package let group: MultiThreadedEventLoopGroup
    private let executors: [LoopExecutor]
    private let byLoop: [ObjectIdentifier: LoopExecutor]
    private let turn = Atomic<Int>(0)

    package init(threads: Int) {
        let ticks = Ticks()
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads, metricsDelegate: ticks)
        let loops = Array(group.makeIterator())
        executors = loops.map { LoopExecutor($0) }
        byLoop = Dictionary(uniqueKeysWithValues: zip(loops.map { ObjectIdentifier($0) }, executors))
        ticks.executors.withLock { $0 = byLoop }
    }

    /// The next in turn.
    package func next() -> LoopExecutor {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return executors[Int(UInt(bitPattern: turn) % UInt(executors.count))]
    }

    /// That of a loop; nil when it is none of these.
    package func executor(of loop: any EventLoop) -> LoopExecutor? { byLoop[ObjectIdentifier(loop)] }
}

/// Hears from each loop when it has done what was to be done at once.
private final class Ticks: NIOEventLoopMetricsDelegate {
    let executors = Mutex<[ObjectIdentifier: LoopExecutor]>([:])

    func processedTick(info: NIOEventLoopTickInfo) {
        executors.withLock { $0[info.eventLoopID] }?.looksAtSockets()
    }
}
