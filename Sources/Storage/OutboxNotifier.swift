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
package final class OutboxNotifier: Sendable {
    private let pool: Pool
    private let interval: Duration
    private let wakeUps: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    package init(_ configuration: ConnectionConfiguration, interval: Duration = .milliseconds(5)) {
        var configuration = configuration
        configuration.settings["synchronous_commit"] = "off"
        pool = Pool(configuration, maximumSize: 1)
        self.interval = interval
        (wakeUps, source) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something is due. Returns at once.
    package func wake() { source.yield() }

    /// A live run has inbox rows; its holder should look before its next renewal. Best effort.
    package func inboxFilled(_ runID: RunID) async {
        // A lost hint costs the time until the lease's next renewal, nothing else; the pool has logged why.
        _ = try? await pool.execute(Notify(Channel.inbox, runID.description), deadline: .seconds(1))
    }

    /// Sends until `close`.
    package func run() async {
        for await _ in wakeUps {
            _ = try? await pool.execute(Notify(Channel.outbox), deadline: .seconds(1))
            try? await Task.sleep(for: interval)
        }
        await pool.close()
    }

    /// Ends `run`.
    package func close() { source.finish() }
}
