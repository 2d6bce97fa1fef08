/// `application/x-www-form-urlencoded`, as browsers send forms (WHATWG URL §5).
package enum FormEncoding {
    /// The fields in their order; nil for a percent sign that encodes no text, and for text that can't be stored: with U+0000.
    package static func fields(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
        var fields: [(String, String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            let end = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = text(part[..<end]), let value = text(part[end...].dropFirst()) else { return nil }
            fields.append((name, value))
        }
        return fields
    }

    private static func text(_ part: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.count)
        var place = part.startIndex
        while place < part.endIndex {
            switch part[place] {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard place + 2 < part.endIndex, let high = part[place + 1].hexValue,
                    let low = part[place + 2].hexValue, high | low != 0
                else { return nil }
                bytes.append(high << 4 | low)
                place += 2
            case 0: return nil
            case let byte: bytes.append(byte)
            }
            place += 1
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
