import HTTPTypes

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name(known: "Idempotency-Key")
    static let xIdempotencyKey = HTTPField.Name(known: "X-Idempotency-Key")
    static let idempotencyReplayed = HTTPField.Name(known: "Idempotency-Replayed")
    static let xCorrelationID = HTTPField.Name(known: "X-Correlation-Id")
    static let deprecation = HTTPField.Name(known: "Deprecation")
    static let traceparent = HTTPField.Name(known: "traceparent")
    static let prefer = HTTPField.Name(known: "Prefer")
    static let preferenceApplied = HTTPField.Name(known: "Preference-Applied")
    static let lastEventID = HTTPField.Name(known: "Last-Event-ID")
    static let xRequestID = HTTPField.Name(known: "X-Request-Id")
    static let xAPIKey = HTTPField.Name(known: "X-Api-Key")
    static let xAdminToken = HTTPField.Name(known: "X-Admin-Token")
    static let rateLimitLimit = HTTPField.Name(known: "RateLimit-Limit")
    static let rateLimitRemaining = HTTPField.Name(known: "RateLimit-Remaining")
    static let rateLimitReset = HTTPField.Name(known: "RateLimit-Reset")

    private init(known text: String) {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
        self = name
    }
}

extension HTTPFields {
    /// The header's one value; nil when it is absent.
    ///
    /// - Throws: `invalidParameter` when it is given twice, is empty or too long, or is not printable ASCII.
    func single(_ name: HTTPField.Name, maxBytes: Int) throws(Problem) -> String? {
        let values = self[values: name]
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw Problem(.invalidParameter, "The header \(name) is given twice.") }
        guard (1...maxBytes).contains(value.utf8.count), Self.isPrintable(value) else {
            throw Problem(
                .invalidParameter, "The header \(name) must hold 1 to \(maxBytes) printable ASCII characters.")
        }
        return value
    }

    /// Bytes of an idempotency key at most.
    static let maxKeyBytes = 255

    /// `Idempotency-Key`, or `X-Idempotency-Key`; nil when there is neither.
    func idempotencyKey() throws(Problem) -> String? {
        let key = try single(.idempotencyKey, maxBytes: Self.maxKeyBytes)
        let other = try single(.xIdempotencyKey, maxBytes: Self.maxKeyBytes)
        if let key, let other, key != other {
            throw Problem(.invalidParameter, "Idempotency-Key and X-Idempotency-Key differ.")
        }
        return key ?? other
    }

    /// Printable ASCII.
    static func isPrintable(_ value: String) -> Bool { value.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}
