/// `"completion": "callback"`, or `{"callback": {"timeout"?, "heartbeatTimeout"?}}`: an answer of 202 says that the work is
/// accepted, and its end comes by a callback.
package struct CallbackDefinition: Sendable, Hashable {
    /// For so long the end of accepted work is waited for; then the attempt is `unknown`.
    package let timeout: Duration
    /// A sign of life is to come at least so often; nil for none.
    package let heartbeatTimeout: Duration?

    /// What `timeout` may be.
    package static let timeouts: ClosedRange<Duration> = .seconds(1) ... .seconds(366 * 86_400)
    package static let defaultTimeout: Duration = .seconds(86_400)
    /// What `heartbeatTimeout` may be.
    package static let heartbeats: ClosedRange<Duration> = .seconds(5) ... .seconds(86_400)

    init(timeout: Duration = defaultTimeout, heartbeatTimeout: Duration? = nil) {
        self.timeout = timeout
        self.heartbeatTimeout = heartbeatTimeout
    }
}

extension DefinitionReader {
    mutating func callback(_ json: JSON, at pointer: JSONPointer) -> CallbackDefinition? {
        guard let fields = object(json, at: pointer, members: ["timeout", "heartbeatTimeout"]) else { return nil }
        let timeout = optional("timeout", in: fields, at: pointer) {
            $0.duration($1, at: $2, in: CallbackDefinition.timeouts)
        }
        let heartbeat = optional("heartbeatTimeout", in: fields, at: pointer) {
            $0.duration($1, at: $2, in: CallbackDefinition.heartbeats)
        }
        return CallbackDefinition(
            timeout: timeout ?? CallbackDefinition.defaultTimeout, heartbeatTimeout: heartbeat)
    }
}
