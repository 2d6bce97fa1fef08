package import Core
package import Postgres
import Synchronization

/// Channels engines listen to. Notifications are hints: whoever misses one polls.
package enum Channel {
    /// Something is due.
    package static let outbox = "sagaflow_outbox"
    /// The run named in the payload has inbox rows.
    package static let inbox = "sagaflow_inbox"
}

/// Sends a NOTIFY on a connection of its own.
///
/// Never in the transaction it speaks of: a NOTIFY makes commits wait for each other. The sender's session does not
/// wait for its own commit to reach the disk either: a lost hint is only late.
package struct Notify: Statement {
    package let channel: String
    package let payload: String

    package typealias Row = Bool

    package init(_ channel: String, _ payload: String = "") {
        self.channel = channel
        self.payload = payload
    }

    package static let sql = "SELECT pg_notify($1, $2) IS NULL"

    package func bind(_ parameters: inout Parameters) {
        parameters.text(channel)
        parameters.text(payload)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Tells engines that something is due, at most once per `interval`: under load they poll anyway.
///
/// Nobody waits for it: a hint that is lost, or a session that hangs, costs the time until the next poll or renewal.
package final class OutboxNotifier: Closable, Sendable {
    private let pool: Pool
    private let interval: Duration
    private let wakeUps: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation
    private let filled: AsyncStream<RunID>
    private let fillers: AsyncStream<RunID>.Continuation
    /// Hints about inboxes that may wait to be sent; older ones are dropped.
    private static let maxWaiting = 1000

    package init(_ configuration: ConnectionConfiguration, interval: Duration = .milliseconds(5)) {
        var configuration = configuration
        configuration.settings["synchronous_commit"] = "off"
        // A session that hangs is replaced after two seconds.
        configuration.statementTimeout = .seconds(1)
        configuration.answerGrace = .seconds(1)
        configuration.connectTimeout = .seconds(2)
        pool = Pool(configuration, maximumSize: 1)
        self.interval = interval
        (wakeUps, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (filled, fillers) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.maxWaiting))
    }

    /// Something is due. Returns at once.
    package func wake() { source.yield() }

    /// A live run has inbox rows; its holder should look before its next renewal. Returns at once.
    package func inboxFilled(_ runID: RunID) { fillers.yield(runID) }

    /// Sends until `close`.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in self.wakeUps {
                    await self.send(Notify(Channel.outbox))
                    try? await Task.sleep(for: self.interval)
                }
            }
            group.addTask {
                for await runID in self.filled { await self.send(Notify(Channel.inbox, runID.description)) }
            }
        }
        await pool.close()
    }

    private func send(_ hint: Notify) async {
        // The pool has logged why, if it was not sent.
        _ = try? await pool.execute(hint, deadline: .seconds(1))
    }

    /// Ends `run` when what waits is sent.
    package func close() {
        source.finish()
        fillers.finish()
    }

    /// Sends nothing more, so that `run` ends at once after `close`, also when the database hangs.
    package func cut() { pool.cut() }
}
