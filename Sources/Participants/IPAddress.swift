internal import Basics
internal import Glibc

/// An IPv4 or IPv6 address as a number, so that it can be compared with ranges.
package struct IPAddress: Hashable, Sendable {
    /// Which protocol it belongs to.
    package enum Family: Hashable, Sendable {
        case v4
        case v6

        /// How many bits an address has.
        package var bitCount: Int { self == .v4 ? 32 : 128 }
    }

    package let family: Family
    /// The address in host order; of an IPv4 address only the low 32 bits are used.
    package let bits: UInt128

    package init(family: Family, bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    /// Reads four decimal numbers or any spelling of an IPv6 address without brackets and zone; nil for everything
    /// else, also for what only resolvers take for an address (`127.1`, `0x7f000001`, leading zeros).
    package init?(_ text: String) {
        for family in [Family.v4, .v6] {
            // Room for sixteen bytes; C's own types for addresses are declared by several modules at once.
            let bits = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 4) { bytes -> UInt128? in
                let isRead = inet_pton(family == .v4 ? AF_INET : AF_INET6, text, bytes.baseAddress) == 1
                guard isRead else { return nil }
                return bytes.prefix(family.bitCount / 8).reduce(0) { $0 << 8 | UInt128($1) }
            }
            guard let bits else { continue }
            self.init(family: family, bits: bits)
            return
        }
        return nil
    }

    /// The IPv4 address that a packet to this IPv6 address ends at, or this address itself.
    ///
    /// IPv4-compatible `::/96` and IPv4-mapped `::ffff:0:0/96` (RFC 4291 §2.5.5), IPv4-translated `::ffff:0:0:0/96`
    /// (RFC 2765), NAT64 `64:ff9b::/96` (RFC 6052), 6to4 `2002::/16` (RFC 3056). `::` and `::1` are no IPv4 addresses.
    package var unwrapped: IPAddress {
        guard family == .v6, bits > 1 else { return self }
        let low = IPAddress(family: .v4, bits: bits & 0xFFFF_FFFF)
        switch (bits >> 32) {
        case 0, 0xFFFF, 0xFFFF_0000, 0x0064_FF9B << 64: return low
        default: break
        }
        return (bits >> 112) == 0x2002 ? IPAddress(family: .v4, bits: (bits >> 80) & 0xFFFF_FFFF) : self
    }
}

/// All addresses that begin with the same bits.
package struct AddressRange: Hashable, Sendable {
    /// Its lowest address.
    package let first: IPAddress
    /// How many leading bits its addresses share.
    package let prefixLength: Int

    /// The range of one address.
    package init(_ address: IPAddress) {
        first = address
        prefixLength = address.family.bitCount
    }

    /// Reads `ADDRESS/BITS`; nil when it is none, or when the address has bits beyond the prefix.
    package init?(_ text: String) {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let first = IPAddress(String(sides[0])), (1...3).contains(sides[1].utf8.count),
            sides[1].utf8.allSatisfy(\.isDigit), let length = Int(sides[1]), length <= first.family.bitCount
        else { return nil }
        self.first = first
        prefixLength = length
        // A shift by all the bits of the type gives 0, which is right for /0.
        guard (first.bits >> hostBits) << hostBits == first.bits else { return nil }
    }

    private var hostBits: Int { first.family.bitCount - prefixLength }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == first.family && (address.bits >> hostBits) == (first.bits >> hostBits)
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        if family == .v4 {
            return stride(from: 24, through: 0, by: -8).map { String((bits >> UInt128($0)) & 0xFF) }.joined(
                separator: ".")
        }
        let bytes = (0..<16).map { UInt8(truncatingIfNeeded: bits >> UInt128(120 - 8 * $0)) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let start = text.baseAddress, inet_ntop(AF_INET6, bytes, start, socklen_t(text.count)) != nil else {
                preconditionFailure("an IPv6 address fits its buffer")
            }
            return String(cString: start)
        }
    }
}
