extension ParticipantClient {
    /// How many connections and calls a client holds; for metrics, and for tests that nothing leaks.
    package struct Statistics: Hashable, Sendable {
        /// Open connections, idle ones included.
        package var connections = 0
        package var idle = 0
        /// Connections being opened.
        package var connecting = 0
        /// Calls that wait for a connection.
        package var waiting = 0

        package init() {}

        static func += (total: inout Statistics, part: Statistics) {
            total.connections += part.connections
            total.idle += part.idle
            total.connecting += part.connecting
            total.waiting += part.waiting
        }
    }
}
