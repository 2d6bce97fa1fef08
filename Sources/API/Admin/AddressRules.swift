import Glibc

/// Which hosts no participant may be on: those that answer with a machine's own credentials, and those that are no
/// single host. Names are judged by themselves here; what they resolve to is not.
struct AddressRules: Sendable {
    /// Hosts that are allowed all the same, as written in URLs.
    let allowed: Set<String>

    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
    ]

    /// Why a host is refused; nil when it is not.
    /// - Parameter host: in lower case, an IPv6 address without its brackets.
    func violation(of host: String) -> String? {
        if allowed.contains(host) { return nil }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if Self.metadataNames.contains(name) { return "This host is a metadata service." }
        if let address = Self.ipv6(name) { return Self.violation(address) }
        if let address = Self.ipv4(name) { return Self.violation(address) }
        return nil
    }

    private static func violation(_ address: UInt32) -> String? {
        switch address {
        case _ where address >> 16 == 0xA9FE: "This address is link-local."
        case 0x6464_64C8: "This address is a metadata service."
        case _ where address >> 24 == 0 || address >> 28 >= 0xE: "This address is no single host's."
        default: nil
        }
    }

    private static func violation(_ address: [UInt8]) -> String? {
        let embedded = address[12...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let isMapped = address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xFF && address[11] == 0xFF
        let isTranslated = Array(address[..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        if isMapped || isTranslated { return violation(embedded) }
        if address[0] == 0xFE, address[1] & 0xC0 == 0x80 { return "This address is link-local." }
        if address[0] == 0xFF || address.allSatisfy({ $0 == 0 }) { return "This address is no single host's." }
        let metadata: [UInt8] = [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54]
        return address == metadata ? "This address is a metadata service." : nil
    }

    /// Every form a resolver takes for an IPv4 address: `0xa9fea9fe`, `2852039166` and `169.254.43518` as well.
    private static func ipv4(_ text: String) -> UInt32? {
        var address = in_addr()
        return inet_aton(text, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
    }

    private static func ipv6(_ text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }
}
