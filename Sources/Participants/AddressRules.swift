internal import Basics

/// Where participants may be: nowhere in the machine's own network, unless the operator has named the place.
///
/// Whoever may register a participant makes engines send requests to a place of their choice, and runs show the
/// answers. Loopback, private and link-local addresses and the metadata services of clouds, which hand out a machine's
/// own credentials, are therefore refused by default. The rules are asked twice: by the API when a participant is
/// registered, and by every engine each time it opens a connection. A name is judged by what it resolves to at that
/// moment, and the addresses that passed are exactly those connected to, so a name that changes its address later gains
/// nothing.
package struct AddressRules: Sendable {
    /// What the operator has allowed.
    let allowed: AllowList

    /// What sentences call the list.
    private let listName: String

    /// - Parameters:
    ///   - allowed: by default nothing but public addresses.
    ///   - listName: what sentences call that list.
    package init(allowing allowed: AllowList = AllowList(), by listName: String = "PARTICIPANT_ALLOW") {
        self.allowed = allowed
        self.listName = listName
    }

    /// Why a host can't be called whatever it resolves to; nil when that has to be looked up.
    /// - Parameter host: in lower case, an IPv6 address without its brackets.
    package func violation(ofHost host: String) -> String? {
        if let address = IPAddress(host) { return violation(of: address, host: host) }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if Self.looksNumeric(name) {
            return "\(host) is read as an address by some and not by others; write it as four decimal numbers."
        }
        if SpecialAddresses.metadataNames.contains(name), !allowed.names.contains(name) {
            return "\(name) is a metadata service, which \(listName) would have to name."
        }
        return nil
    }

    /// Those of a host's addresses that may be called.
    ///
    /// - Throws: `.refusedAddress`, naming the rule, when there are addresses and none may be.
    package func permitted(
        _ addresses: [ResolvedAddress], of host: String
    ) throws(ParticipantsError) -> [ResolvedAddress] {
        if let violation = violation(ofHost: host) { throw .refusedAddress(violation) }
        var permitted: [ResolvedAddress] = []
        var refusal: String?
        for address in addresses {
            if let violation = violation(of: address, host: host) {
                refusal = refusal ?? violation
            } else {
                permitted.append(address)
            }
        }
        if permitted.isEmpty, let refusal { throw .refusedAddress(refusal) }
        return permitted
    }

    /// `resolver` with these rules behind it.
    package func guarding(_ resolver: @escaping HostResolver = systemResolver) -> HostResolver {
        { host throws(ParticipantsError) in
            if let violation = violation(ofHost: host) { throw .refusedAddress(violation) }
            return try permitted(try resolver(host), of: host)
        }
    }

    private func violation(of resolved: ResolvedAddress, host: String) -> String? {
        // An address with a zone (`fe80::1%eth0`) is no `IPAddress`, and link-local.
        guard let address = IPAddress(resolved.ip) else { return "\(resolved.ip) is no address that can be judged." }
        return violation(of: address, host: host)
    }

    private func violation(of address: IPAddress, host: String) -> String? {
        let address = address.unwrapped
        if SpecialAddresses.metadata.contains(address) {
            guard !allowed.ranges.contains(AddressRange(address)) else { return nil }
            return sentence(host, address, "a metadata service, and \(listName) does not name that very address.")
        }
        guard let rule = SpecialAddresses.refused.first(where: { $0.range.contains(address) }) else { return nil }
        if allowed.covers(host: host) || allowed.covers(address) { return nil }
        return sentence(host, address, "\(rule.what), and \(listName) does not cover it.")
    }

    private func sentence(_ host: String, _ address: IPAddress, _ what: String) -> String {
        IPAddress(host) == nil ? "\(host) leads to \(address), \(what)" : "\(host) is \(what)"
    }

    /// Whether a C library would take the host for an IPv4 address: its last part is a decimal, octal or hexadecimal
    /// number (the rule of the WHATWG URL standard, "ends in a number"). No top-level domain is one.
    static func looksNumeric(_ host: String) -> Bool {
        guard let last = host.split(separator: ".").last else { return false }
        if last.utf8.allSatisfy(\.isDigit) { return true }
        return last.hasPrefix("0x") && last.utf8.dropFirst(2).allSatisfy { $0.hexValue != nil }
    }
}
