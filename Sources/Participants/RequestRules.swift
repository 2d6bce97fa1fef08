internal import Basics

/// What a call must look like to be written as one request, and nothing but one request.
///
/// Checked before a connection is even looked for: a value that came from a run's input must not be able to smuggle a
/// header or a second request.
enum RequestRules {
    /// More headers, or more bytes in them, than any definition and participant registration can mean.
    static let maxHeaders = 128
    static let maxHeadBytes = 64 * 1024

    /// The sentence that says why the call cannot be sent; nil when it can.
    static func violation(of call: ParticipantCall) -> String? {
        guard (1...32).contains(call.method.utf8.count), call.method.utf8.allSatisfy({ $0 &- 0x41 < 26 }) else {
            return "The method is not an HTTP method in upper case."
        }
        guard call.method != "CONNECT", call.method != "TRACE" else {
            return "The method \(call.method) is not allowed."
        }
        guard call.path.utf8.first == UInt8(ascii: "/"), isPathAndQuery(call.path.utf8) else {
            return "The path is not a percent-encoded absolute path."
        }
        guard call.headers.count <= maxHeaders else { return "There are more than \(maxHeaders) headers." }
        var bytes = call.path.utf8.count
        for (name, value) in call.headers {
            if let violation = violation(name: name, value: value) { return violation }
            bytes += name.utf8.count + value.utf8.count + 4
        }
        return bytes <= maxHeadBytes ? nil : "The path and headers exceed \(maxHeadBytes) bytes."
    }

    /// Path characters of RFC 3986 with every `%` followed by two hex digits.
    static func isPath(_ bytes: Substring.UTF8View) -> Bool {
        !bytes.contains(UInt8(ascii: "?")) && isPathAndQuery(bytes)
    }

    static func isPathAndQuery(_ bytes: some Collection<UInt8>) -> Bool {
        var hexDigitsDue = 0
        for byte in bytes {
            if hexDigitsDue > 0 {
                guard byte.hexValue != nil else { return false }
                hexDigitsDue -= 1
                continue
            }
            switch byte {
            case UInt8(ascii: "%"): hexDigitsDue = 2
            case 0...0x20, 0x7F..., UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"),
                UInt8(ascii: "}"):
                return false
            default: continue
            }
        }
        return hexDigitsDue == 0
    }

    private static func violation(name: String, value: String) -> String? {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else {
            return "A header name is not a token."
        }
        guard !value.utf8.contains(where: { $0.isForbiddenInHeaderValue }) else {
            return "The value of header \(name) holds a control character."
        }
        return isReserved(name) ? "The header \(name) is set by the client." : nil
    }

    /// Headers that frame the message or steer the connection; whoever sets them could desynchronise it.
    static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 2: return name.lowercased() == "te"
        case 4: return name.lowercased() == "host"
        case 6: return name.lowercased() == "expect"
        case 7:
            let lower = name.lowercased()
            return lower == "upgrade" || lower == "trailer"
        case 10:
            let lower = name.lowercased()
            return lower == "connection" || lower == "keep-alive"
        case 14: return name.lowercased() == "content-length"
        case 16: return name.lowercased() == "proxy-connection"
        case 17: return name.lowercased() == "transfer-encoding"
        default: return false
        }
    }
}
