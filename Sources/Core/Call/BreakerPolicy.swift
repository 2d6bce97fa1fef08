/// When calls to a participant are stopped because it keeps failing, and when they are tried again.
package struct BreakerPolicy: Hashable, Sendable {
    /// Failures in a row that open the breaker: 1...1000.
    package var failureThreshold: Int
    /// Successful probes that close it again, and how many of them may be in flight at once, but for those
    /// that take very long: 1...100.
    package var successThreshold: Int
    /// How long it stays open before it lets probes through.
    package var openFor: Duration

    package static let failureThresholds = 1...1000
    package static let successThresholds = 1...100
    /// Steps wait for the end of the open time plus a fifth of it, and no longer than `retryAfterCap`: a longer time
    /// would cost a step a second attempt.
    package static let openTimes: ClosedRange<Duration> = .milliseconds(100) ... .seconds(240)

    /// What a participant has when nothing says otherwise.
    package static let standard = BreakerPolicy(failureThreshold: 5, successThreshold: 2, openFor: .seconds(30))

    package init(failureThreshold: Int, successThreshold: Int, openFor: Duration) {
        self.failureThreshold = failureThreshold
        self.successThreshold = successThreshold
        self.openFor = openFor
    }

    /// As it is registered and stored.
    package var json: JSON {
        [
            "failureThreshold": JSON(failureThreshold), "successThreshold": JSON(successThreshold),
            "openFor": .string(DurationText.format(openFor)),
        ]
    }

    /// Reads what was stored: what is absent or no longer within bounds is as in `standard`.
    package init(stored json: JSON) {
        self = .standard
        if let value = json["failureThreshold"]?.int, Self.failureThresholds.contains(value) {
            failureThreshold = value
        }
        if let value = json["successThreshold"]?.int, Self.successThresholds.contains(value) {
            successThreshold = value
        }
        if let value = json["openFor"]?.string.flatMap({ DurationText.parse($0) }), Self.openTimes.contains(value) {
            openFor = value
        }
    }
}
