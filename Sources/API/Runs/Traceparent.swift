/// W3C trace context (level 2, §3.2): what counts as a `traceparent` that can be taken over.
enum Traceparent {
    /// The text when it is well-formed; nil otherwise: a malformed one is ignored, as the standard asks.
    static func accept(_ text: String?) -> String? {
        guard let text else { return nil }
        let bytes = Array(text.utf8)
        guard bytes.count == 55 || bytes.count > 55 && bytes.count <= 256 && bytes[55] == UInt8(ascii: "-") else {
            return nil
        }
        let fields = [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        guard [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            fields.allSatisfy({ $0.allSatisfy(isLowerHex) }),
            fields[1].contains(where: { $0 != UInt8(ascii: "0") }),
            fields[2].contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        let isVersion0 = fields[0].allSatisfy { $0 == UInt8(ascii: "0") }
        let isVersion255 = fields[0].allSatisfy { $0 == UInt8(ascii: "f") }
        return isVersion255 || isVersion0 && bytes.count != 55 ? nil : text
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || byte &- 0x61 < 6 }
}
