extension ParticipantClient {
    /// Limits of the client; the defaults fit an engine.
    package struct Configuration: Sendable {
        /// Looking up the host, connecting and the TLS handshake together. A call's own deadline holds as well.
        package var connectTimeout: Duration = .seconds(2)
        /// The largest body an answer may have, in bytes.
        package var maxResponseBytes = 256 * 1024
        /// All header lines of an answer together, in bytes, and how many there may be.
        package var maxHeaderBytes = 64 * 1024
        package var maxHeaders = 256
        /// An unused connection is closed after this time, which must be shorter than what servers allow (commonly 5
        /// s), or calls are lost to connections that the server is closing. A shorter `Keep-Alive: timeout=` of a
        /// server is obeyed.
        package var idleTimeout: Duration = .seconds(4)
        /// Open and opening connections to one origin, over all event loops.
        package var maxConnectionsPerOrigin = 128
        /// Open and opening connections to all origins together, as many as there are file descriptors for; nil for no
        /// bound. Divided among the event loops, each of which has one at least.
        package var maxConnections: Int?
        /// Calls that may wait for a connection to one origin on one event loop; further ones fail at once.
        package var maxWaitingPerOrigin = 4096
        /// How long the addresses of a host are believed. A failed connect forgets them.
        package var addressLifetime: Duration = .seconds(5)
        /// Looks up hosts; the place to refuse addresses.
        package var resolver: HostResolver = systemResolver
        /// A PEM file of certificates to trust besides the system's.
        package var trustRootsFile: String?

        package init() {}
    }
}
