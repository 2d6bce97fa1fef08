import Basics
import HTTPTypes
import NIOHTTP1

/// What a request's head must be like beyond what the parser checks (RFC 9112 §3.2, §6.3, §11).
struct RequestRules: Sendable {
    let limits: StrictHTTPChannel.Limits

    /// Why the head is refused; nil when it is not.
    func violation(of head: HTTPRequestHead) -> Refusal? {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return Refusal(.malformed, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        }
        guard head.uri.utf8.count <= limits.uriBytes else {
            return Refusal(.uriTooLong, "Path and query have at most \(limits.uriBytes) bytes.")
        }
        guard head.uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            return Refusal(.malformed, "The URI holds characters that must be percent-encoded.")
        }
        guard head.method != .CONNECT, head.method != .TRACE else {
            return Refusal(
                .methodNotAllowed, "This method is not supported.", headers: [.allow: limits.methods])
        }
        return violation(of: head.headers, requiresHost: head.version == .http1_1)
    }

    private func violation(of headers: HTTPHeaders, requiresHost: Bool) -> Refusal? {
        var (hosts, lengths, codings) = (0, 0, 0)
        for (name, value) in headers {
            if name.utf8.count + value.utf8.count > limits.headerBytes {
                return Refusal(.headersTooLarge, "A header has at most \(limits.headerBytes) bytes.")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return Refusal(.malformed, "A header holds a control character.")
            }
            switch name.utf8.count {
            case 4 where name.lowercased() == "host":
                hosts += 1
                if !isHost(value) { return Refusal(.malformed, "The header Host is malformed.") }
            case 6 where name.lowercased() == "expect":
                if value.lowercased() != "100-continue" {
                    return Refusal(.expectationFailed, "Only 100-continue can be expected.")
                }
            case 14 where name.lowercased() == "content-length":
                lengths += 1
                guard (1...18).contains(value.utf8.count), value.utf8.allSatisfy(\.isDigit) else {
                    return Refusal(.malformed, "The header Content-Length is malformed.")
                }
                if let most = limits.bodyBytes, let length = Int(value), length > most { return tooLarge(most) }
            case 17 where name.lowercased() == "transfer-encoding":
                codings += 1
                guard value.lowercased() == "chunked" else {
                    return Refusal(.malformed, "The only transfer coding is chunked.")
                }
            default: break
            }
        }
        if requiresHost ? hosts != 1 : hosts > 1 {
            return Refusal(.malformed, "A request has exactly one header Host.")
        }
        guard lengths + codings <= 1 else {
            return Refusal(.malformed, "The length of the body is given more than once.")
        }
        return nil
    }

    /// A body is longer than the server takes.
    func tooLarge(_ most: Int) -> Refusal { Refusal(.bodyTooLarge, "A body has at most \(most) bytes.") }

    /// A host name, an IPv4 address or a bracketed IPv6 address, with an optional port.
    private func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isAlphanumeric || "-._~:[]%".utf8.contains($0) }
    }
}
