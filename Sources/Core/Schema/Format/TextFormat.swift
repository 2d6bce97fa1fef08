/// The values of `format` that are known. Here a format is a rule and not only a hint: a text that breaks it is refused.
///
/// Whatever is no text has no format.
enum TextFormat: String, Sendable, CaseIterable {
    case dateTime = "date-time"
    case date, time, duration, email, hostname, ipv4, ipv6, uri
    case uriReference = "uri-reference"
    case uuid
    case jsonPointer = "json-pointer"

    /// Whether a text has the format, in a time that grows with its length only.
    func accepts(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var scanner = FormatScanner(bytes)
            return switch self {
            case .dateTime: scanner.dateTime()
            case .date: scanner.date() && scanner.isAtEnd
            case .time: scanner.time() && scanner.isAtEnd
            case .duration: scanner.duration()
            case .email: InternetName.isMailbox(bytes[...])
            case .hostname: InternetName.isHost(bytes[...])
            case .ipv4: InternetName.isIPv4(bytes[...])
            case .ipv6: InternetName.isIPv6(bytes[...])
            case .uri: URIReference.isValid(bytes[...], needsScheme: true)
            case .uriReference: URIReference.isValid(bytes[...], needsScheme: false)
            case .uuid: UUIDText.parse(bytes) != nil
            case .jsonPointer: scanner.jsonPointer()
            }
        }
    }

    /// What a text must be, for messages.
    var rule: String {
        switch self {
        case .dateTime: "a date and time of RFC 3339, as 2026-01-31T09:30:00Z"
        case .date: "a date, as 2026-01-31"
        case .time: "a time of RFC 3339, as 09:30:00Z"
        case .duration: "a duration of ISO 8601, as P1DT12H"
        case .email: "an e-mail address"
        case .hostname: "a host name"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .uri: "a URI with a scheme"
        case .uriReference: "a URI or a relative reference"
        case .uuid: "a UUID"
        case .jsonPointer: "a JSON pointer"
        }
    }
}
