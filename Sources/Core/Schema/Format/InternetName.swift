internal import Basics

/// Host names, addresses and mailboxes, as texts that are valid or not.
enum InternetName {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// RFC 1123 §2.1: labels of letters, digits and hyphens within, 63 each and 253 in all. Punycode is not decoded.
    static func isHost(_ bytes: Bytes) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first?.isAlphanumeric == true
                && label.last?.isAlphanumeric == true
                && label.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    /// Four numbers without leading zeros, which some read as octal.
    static func isIPv4(_ bytes: Bytes) -> Bool {
        guard bytes.count <= 15 else { return false }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy(\.isDigit) else { return false }
                if part.count > 1, part.first == UInt8(ascii: "0") { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }

    /// RFC 4291 §2.2, without a zone.
    static func isIPv6(_ bytes: Bytes) -> Bool {
        guard bytes.count <= 45 else { return false }
        let colon = UInt8(ascii: ":")
        guard let gap = bytes.indices.first(where: { bytes[$0] == colon && bytes[($0 + 1)...].first == colon }) else {
            return groups(bytes, mayEndInIPv4: true) == 8
        }
        guard let before = groups(bytes[..<gap], mayEndInIPv4: false),
            let after = groups(bytes[(gap + 2)...], mayEndInIPv4: true)
        else { return false }
        return before + after <= 7
    }

    /// How many groups of 16 bits there are between single colons; nil when something else is there.
    private static func groups(_ bytes: Bytes, mayEndInIPv4: Bool) -> Int? {
        if bytes.isEmpty { return 0 }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.count), part.allSatisfy({ $0.hexValue != nil }) else { return nil }
                count += 1
            }
        }
        return count
    }

    /// RFC 5321 §4.1.2: `Local-part "@" ( Domain / address-literal )`, 64 and 254 bytes at most.
    static func isMailbox(_ bytes: Bytes) -> Bool {
        guard bytes.count <= 254, let sign = bytes.lastIndex(of: UInt8(ascii: "@")) else { return false }
        let (local, domain) = (bytes[..<sign], bytes[(sign + 1)...])
        guard (1...64).contains(local.count), isLocalPart(local) else { return false }
        guard domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]"), domain.count > 2 else {
            return isHost(domain)
        }
        let literal = domain.dropFirst().dropLast()
        if literal.starts(with: "IPv6:".utf8) { return isIPv6(literal.dropFirst(5)) }
        return isIPv4(literal)
    }

    private static func isLocalPart(_ bytes: Bytes) -> Bool {
        let quote = UInt8(ascii: "\"")
        guard bytes.first == quote else {
            return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0.allSatisfy(isAtomText)
            }
        }
        guard bytes.count >= 2, bytes.last == quote else { return false }
        var isEscaped = false
        for byte in bytes.dropFirst().dropLast() {
            guard (0x20...0x7E).contains(byte), isEscaped || byte != quote else { return false }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return !isEscaped
    }

    /// `atext` of RFC 5322 §3.2.3.
    private static func isAtomText(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }
}
