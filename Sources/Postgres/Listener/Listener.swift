package import Logging

/// Notifications of some channels as an endless sequence, over a connection of its own.
///
/// NOTIFY is a hint, not a queue: what is sent while the connection is down is lost. So the sequence yields `connected`
/// after every (re)connect, and users look for themselves what they may have missed. It ends when the iterating task
/// is cancelled; otherwise it reconnects for ever, with pauses. Every iterator has its own connection.
package struct Listener: AsyncSequence, Sendable {
    /// What happens on a listener.
    package enum Element: Hashable, Sendable {
        /// The channels are subscribed, for the first time or again: look what was missed.
        case connected
        case notification(Notification)
    }

    package typealias Failure = Never

    let configuration: ConnectionConfiguration
    let channels: [String]
    let heartbeat: Duration
    let logger: Logger

    /// Listens to channels, whose names are taken literally.
    ///
    /// After `heartbeat` without a notification the server is asked for a sign of life, and the connection replaced if
    /// there is none within ten seconds.
    package init(
        _ configuration: ConnectionConfiguration, channels: [String], heartbeat: Duration = .seconds(15),
        logger: Logger = Logger(label: "postgres")
    ) {
        var configuration = configuration
        configuration.statementTimeout = .seconds(5)
        self.configuration = configuration
        self.channels = channels
        self.heartbeat = heartbeat
        self.logger = logger
    }

    package func makeAsyncIterator() -> Iterator { Iterator(listener: self) }
}

/// One NOTIFY as it arrived.
package struct Notification: Hashable, Sendable {
    /// The channel it was sent on.
    package let channel: String
    /// Its text, empty if there was none.
    package let payload: String
}
