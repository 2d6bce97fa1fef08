/// Base 64 as people and tools write it: either alphabet, with padding or without (RFC 4648 §4 and §5).
package enum Base64 {
    /// Nil for anything else, and for what has bits left over.
    package static func decode(_ text: String) -> [UInt8]? {
        var plain = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        for _ in 0..<2 where plain.last == UInt8(ascii: "=") { plain.removeLast() }
        return Base64URL.decode(String(decoding: plain, as: UTF8.self))
    }

    /// With the alphabet of §4 and padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        let text = Base64URL.encode(bytes).utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
