#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The executor of one connection: a thread and a queue under a condition variable.
///
/// `@unchecked Sendable`: `jobs` and `isStopped` are only touched under `mutex`, the rest never changes.
final class ConnectionThread: SerialExecutor, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isStopped = false

    /// Statements bind and decode on this stack; nothing there recurses deeply.
    private static let stackSize = 512 << 10

    init() throws(PostgresError) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        jobs.reserveCapacity(8)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        // The thread owns its executor until `stop`.
        let argument = Unmanaged.passRetained(self).toOpaque()
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        let code = pthread_create(&thread, &attributes, connectionThreadMain, argument)
        guard code == 0 else {
            Unmanaged<ConnectionThread>.fromOpaque(argument).release()
            throw .connectionFailed("no thread for a connection (error \(code))")
        }
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    /// Ends the thread once its queue is empty. Only for when no job can follow: the actor's `deinit`.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    fileprivate func run() {
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

#if canImport(Glibc)
private func connectionThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<ConnectionThread>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
#else
private func connectionThreadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ConnectionThread>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
#endif
