internal import Basics

/// What a `Content-Type` says, as far as it matters for reading a body.
struct MediaType {
    /// `application/json`, `text/json`, or with the suffix `+json` (RFC 6839).
    let isJSON: Bool
    let charset: Charset

    init(_ text: String) {
        let parts = text.lowercased().split(separator: ";")
        let type = parts.first.map { $0.trimmingBlanks() } ?? ""
        isJSON = type == "application/json" || type == "text/json" || type.hasSuffix("+json")
        let parameter = parts.dropFirst().lazy.map { $0.trimmingBlanks() }.first { $0.hasPrefix("charset=") }
        let value = parameter?.dropFirst("charset=".count) ?? ""
        let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        charset = Charset(isQuoted ? value.dropFirst().dropLast() : value)
    }
}
