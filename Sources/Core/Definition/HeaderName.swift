/// Which headers a definition or a participant's registration may set: any that neither frames the message nor belongs to the participant protocol.
package enum HeaderName {
    private static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "proxy-connection", "proxy-authorization", "proxy-authenticate", "upgrade", "te", "trailer", "expect",
        "idempotency-key", "x-idempotency-key", "x-correlation-id", "traceparent", "tracestate",
    ]

    /// It is set by HTTP or by the participant protocol; in any case.
    package static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        return reserved.contains(name) || name.utf8.starts(with: "x-saga-".utf8)
    }

    /// An RFC 9110 `token` of at most 128 characters.
    package static func isToken(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
    }
}
