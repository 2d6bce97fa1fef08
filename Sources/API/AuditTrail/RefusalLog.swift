import Core
import Logging
import Postgres
import Storage
import Synchronization
import Telemetry

/// Writes refused calls into the audit trail, within a second, beside the answers: nobody who is refused has the database work for
/// them. A process that is killed loses those of its last second, and what of a window was not written yet.
final class RefusalLog: Closable, Sendable {
    private let pool: Pool
    private let logger: Logger
    private let windows = Mutex(RefusalWindows())
    private let interval: Duration
    private let end: AsyncStream<Void>
    private let ender: AsyncStream<Void>.Continuation

    init(pool: Pool, logger: Logger, metrics: MetricsRegistry, interval: Duration = .seconds(1)) {
        self.pool = pool
        self.logger = logger
        self.interval = interval
        (end, ender) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        metrics.read("audit_refusals_waiting", "Refused calls that are still to be written into the audit.", .gauge) {
            [.init(self.windows.withLock { $0.waitingCount })]
        }
        metrics.read(
            "audit_refusals_dropped_total", "Refused calls that are not in the audit, as too many waited.", .counter
        ) { [.init(self.windows.withLock { $0.dropped })] }
    }

    /// A call was refused. Returns at once.
    func note(_ call: RefusedCall) {
        windows.withLock { $0.note(call, at: .now, time: .now) }
    }

    /// Writes until `close`, and then what is left.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var isFailing = false
                while !Task.isCancelled {
                    do { try await Task.sleep(for: self.interval) } catch { break }
                    isFailing = await self.write(isFailing: isFailing)
                }
            }
            for await _ in end { break }
            group.cancelAll()
        }
        _ = await write(isEnd: true)
    }

    func close() { ender.finish() }

    /// Whether it failed. The first of several failures is logged.
    private func write(isEnd: Bool = false, isFailing: Bool = false) async -> Bool {
        let calls = windows.withLock { $0.take(at: .now, isEnd: isEnd) }
        if calls.isEmpty { return isFailing }
        do {
            _ = try await pool.execute(WriteRefusals(calls))
            return false
        } catch {
            windows.withLock { $0.putBack(calls) }
            if !isFailing {
                logger.warning(
                    "refused calls can't be written into the audit now; they are kept and tried again",
                    metadata: ["count": .stringConvertible(calls.count), "error": "\(error)"])
            }
            return true
        }
    }
}
