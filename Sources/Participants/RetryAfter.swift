internal import Basics

/// Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in any of the three forms that a recipient must accept.
enum RetryAfter {
    /// A participant that asks for more than this is asked again after a day.
    static let longest: Int64 = 86_400

    /// - Parameters:
    ///   - value: the header's value without surrounding blanks.
    ///   - now: seconds since 1970, only asked for when the value is a date.
    /// - Returns: the time to wait from now, zero for a date that has passed; nil for anything that is not understood.
    static func parse(_ value: String, now: () -> Int64) -> Duration? {
        let bytes = Array(value.utf8)
        guard let first = bytes.first else { return nil }
        guard first.isDigit else {
            let now = now()
            guard let date = HTTPDate.secondsSince1970(bytes, now: now) else { return nil }
            return .seconds(min(max(date - now, 0), longest))
        }
        guard bytes.allSatisfy(\.isDigit) else { return nil }
        var seconds: Int64 = 0
        for byte in bytes where seconds <= longest { seconds = seconds * 10 + Int64(byte - 0x30) }
        return .seconds(min(seconds, longest))
    }
}
