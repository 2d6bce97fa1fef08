// What the standard library leaves out and more than one module needs: threads for blocking calls, host names, the
// classes of ASCII, percent-encoding, the calendar. It knows no saga and depends on nothing.

internal import Glibc

/// Why the system did not do what it was asked for, in its own words.
package struct SystemFailure: Error {
    package let reason: String
}

/// The executor of an actor that makes blocking calls: a thread of its own and a queue under a condition variable.
///
/// The actor returns it as `unownedExecutor`, so its waiting blocks nobody else and its calls run one after another, and
/// stops it in its `deinit`. `@unchecked Sendable`: `jobs` and `isStopped` are only touched under `mutex`, the rest never
/// changes.
package final class WorkerThread: SerialExecutor, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isStopped = false

    /// What runs here sends and decodes; nothing there recurses deeply.
    private static let stackSize = 512 << 10

    package init() throws(SystemFailure) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        jobs.reserveCapacity(8)
        // The thread owns its executor until `stop`.
        try startThread(stackSize: Self.stackSize) { [self] in run() }
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        // Once it is queued, the job may run, end, and let the actor's last owner go before this call is over.
        let alive = Unmanaged.passRetained(self)
        defer { alive.release() }
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    /// Ends the thread once its queue is empty. Only for when no job can follow: the actor's `deinit`, which may be on
    /// this very thread.
    package func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    private func run() {
        var batch: [UnownedJob] = []
        batch.reserveCapacity(8)
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty && !isStopped { pthread_cond_wait(condition, mutex) }
            swap(&batch, &jobs)
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
            batch.removeAll(keepingCapacity: true)
        }
    }
}

/// Runs `body` on a new detached thread on which SIGPIPE is blocked: C libraries write with plain write(2), and the signal
/// for a broken connection goes to the thread that wrote.
///
/// - Parameter stackSize: in bytes; nil is the system's default.
package func startThread(
    stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
) throws(SystemFailure) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
    var signals = sigset_t()
    var previous = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    // A thread inherits the mask of the one that makes it.
    pthread_sigmask(SIG_BLOCK, &signals, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(ThreadBody(body))
    let code = pthread_create(
        &thread, &attributes,
        { raw in
            if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run() }
            return nil
        }, argument.toOpaque())
    guard code == 0 else {
        argument.release()
        throw SystemFailure(reason: String(cString: strerror(code)))
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
