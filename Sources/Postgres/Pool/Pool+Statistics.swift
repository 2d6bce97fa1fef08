internal import DequeModule
internal import Synchronization

extension Pool {
    /// A look at the pool for metrics.
    package struct Statistics: Hashable, Sendable {
        /// Most connections there may be.
        package var maximum: Int
        /// Connections open or being opened.
        package var size: Int
        /// Connections that are open.
        package var open: Int
        /// Connections at rest.
        package var idle: Int
        /// Checkouts in the queue.
        package var waiting: Int
        /// What has been counted since the start.
        package var totals: Totals
    }

    /// Counters since the start.
    package struct Totals: Hashable, Sendable {
        /// Connections opened.
        package var opened = 0
        /// Attempts to open one that failed.
        package var failedToOpen = 0
        /// Connections that broke, in use or at rest.
        package var lost = 0
        /// Checkouts whose deadline passed.
        package var exhausted = 0
    }

    /// The numbers at this instant.
    package var statistics: Statistics {
        state.withLock { state in
            Statistics(
                maximum: state.maximum, size: state.size, open: state.open.count, idle: state.idle.count,
                waiting: state.waiters.count,
                totals: state.totals)
        }
    }
}
