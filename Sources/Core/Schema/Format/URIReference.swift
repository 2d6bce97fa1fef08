internal import Basics

/// URIs and relative references by the grammar of RFC 3986, as texts that are valid or not.
enum URIReference {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    static func isValid(_ bytes: Bytes, needsScheme: Bool) -> Bool {
        var rest = bytes
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
            guard consists(rest[(hash + 1)...], of: isQueryCharacter) else { return false }
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            guard consists(rest[(mark + 1)...], of: isQueryCharacter) else { return false }
            rest = rest[..<mark]
        }
        let firstEnd = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        if let colon = rest[..<firstEnd].firstIndex(of: UInt8(ascii: ":")) {
            // A relative reference has no colon in its first segment.
            guard isScheme(rest[..<colon]) else { return false }
            rest = rest[(colon + 1)...]
        } else if needsScheme {
            return false
        }
        guard rest.starts(with: "//".utf8) else { return consists(rest, of: isPathCharacter) }
        rest = rest.dropFirst(2)
        let authorityEnd = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        return isAuthority(rest[..<authorityEnd]) && consists(rest[authorityEnd...], of: isPathCharacter)
    }

    private static func isScheme(_ bytes: Bytes) -> Bool {
        bytes.first?.isLetter == true
            && bytes.allSatisfy { $0.isAlphanumeric || "+-.".utf8.contains($0) }
    }

    /// `[ userinfo "@" ] host [ ":" port ]`
    private static func isAuthority(_ bytes: Bytes) -> Bool {
        var rest = bytes
        if let sign = rest.firstIndex(of: UInt8(ascii: "@")) {
            guard consists(rest[..<sign], of: { isRegisteredName($0) || $0 == UInt8(ascii: ":") }) else { return false }
            rest = rest[(sign + 1)...]
        }
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), isAddress(rest[..<end].dropFirst()) else {
                return false
            }
            rest = rest[(end + 1)...]
            return rest.isEmpty || rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy(\.isDigit)
        }
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")) {
            guard rest[(colon + 1)...].allSatisfy(\.isDigit) else { return false }
            rest = rest[..<colon]
        }
        return consists(rest, of: isRegisteredName)
    }

    /// What stands between brackets: `IPv6address / IPvFuture`.
    private static func isAddress(_ bytes: Bytes) -> Bool {
        guard let first = bytes.first, first | 0x20 == UInt8(ascii: "v") else { return InternetName.isIPv6(bytes) }
        guard let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return false }
        let (version, address) = (bytes[..<point].dropFirst(), bytes[(point + 1)...])
        return !version.isEmpty && version.allSatisfy { $0.hexValue != nil } && !address.isEmpty
            && address.allSatisfy { isUnreserved($0) || isSubDelimiter($0) || $0 == UInt8(ascii: ":") }
    }

    // MARK: Characters

    /// Every byte is one of these, or part of a percent-encoded one.
    private static func consists(_ bytes: Bytes, of isAllowed: (UInt8) -> Bool) -> Bool {
        var at = bytes.startIndex
        while at < bytes.endIndex {
            if bytes[at] == UInt8(ascii: "%") {
                guard at + 2 < bytes.endIndex, bytes[at + 1].hexValue != nil, bytes[at + 2].hexValue != nil else {
                    return false
                }
                at += 3
            } else {
                guard isAllowed(bytes[at]) else { return false }
                at += 1
            }
        }
        return true
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool { byte.isAlphanumeric || "-._~".utf8.contains(byte) }
    private static func isSubDelimiter(_ byte: UInt8) -> Bool { "!$&'()*+,;=".utf8.contains(byte) }
    private static func isRegisteredName(_ byte: UInt8) -> Bool { isUnreserved(byte) || isSubDelimiter(byte) }
    private static func isPathCharacter(_ byte: UInt8) -> Bool {
        isRegisteredName(byte) || ":@/".utf8.contains(byte)
    }
    private static func isQueryCharacter(_ byte: UInt8) -> Bool { isPathCharacter(byte) || byte == UInt8(ascii: "?") }
}
