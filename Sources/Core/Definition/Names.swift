internal import Basics

/// What workflows, participants and, with underscores, steps may be called.
package enum Name {
    package static func isValid(_ text: String, underscores: Bool = false) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.first?.isLowerAlphanumeric == true
            && text.utf8.allSatisfy {
                $0.isLowerAlphanumeric || $0 == UInt8(ascii: "-") || underscores && $0 == UInt8(ascii: "_")
            }
    }

    /// The rule as a sentence.
    package static func rule(underscores: Bool = false) -> String {
        "A name has 1 to 63 lower-case letters, digits and hyphens\(underscores ? " or underscores" : ""), "
            + "and begins with a letter or digit."
    }
}

/// Which headers a definition or a participant's registration may set: any that neither frames the message nor belongs to the participant protocol.
package enum HeaderName {
    /// In lower case.
    static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "proxy-connection", "proxy-authorization", "proxy-authenticate", "upgrade", "te", "trailer", "expect",
        "idempotency-key", "x-idempotency-key", "x-correlation-id", "traceparent", "tracestate",
    ]

    /// What begins so is reserved, too.
    static let reservedPrefix = "x-saga-"

    /// It is set by HTTP or by the participant protocol; in any case.
    package static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        return reserved.contains(name) || name.utf8.starts(with: reservedPrefix.utf8)
    }

    /// An RFC 9110 `token` of at most 128 characters.
    package static func isToken(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count) && name.utf8.allSatisfy(\.isTokenCharacter)
    }
}
