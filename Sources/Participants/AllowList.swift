/// What `PARTICIPANT_ALLOW` holds: hosts and addresses that may be participants although they are not public.
package struct AllowList: Hashable, Sendable {
    /// Host names in lower case.
    private(set) var names: Set<String> = []
    /// What names must end with: `.internal.example` for `*.internal.example`.
    private(set) var suffixes: [String] = []
    /// Addresses and ranges.
    private(set) var ranges: Set<AddressRange> = []

    /// Allows nothing.
    package init() {}

    /// Reads a comma-separated list of host names, `*.suffix` (any name below it, not itself), addresses and CIDR
    /// ranges.
    ///
    /// - Throws: `.invalidAllowList` with a sentence that names the entry.
    package init(parsing list: String) throws(ParticipantsError) {
        for part in list.split(separator: ",") {
            let entry = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            if !entry.isEmpty { try add(String(entry).lowercased()) }
        }
    }

    private mutating func add(_ entry: String) throws(ParticipantsError) {
        if entry.contains("/") {
            guard let range = AddressRange(entry) else {
                throw .invalidAllowList("\"\(entry)\" is no range; write the lowest address and the bits, 10.1.0.0/16.")
            }
            guard range.first.unwrapped == range.first else {
                throw .invalidAllowList("\"\(entry)\" stands for IPv4 addresses; allow those instead.")
            }
            ranges.insert(range)
            return
        }
        let isBracketed = entry.hasPrefix("[") && entry.hasSuffix("]")
        if let address = IPAddress(isBracketed ? String(entry.dropFirst().dropLast()) : entry) {
            ranges.insert(AddressRange(address.unwrapped))
            return
        }
        let isSuffix = entry.hasPrefix("*.")
        let name = isSuffix ? String(entry.dropFirst(2)) : entry
        guard Self.isName(name), !AddressRules.looksNumeric(name) else {
            throw .invalidAllowList(
                "\"\(entry)\" is no host name, *.suffix, address or range (without scheme, port and path).")
        }
        if isSuffix { suffixes.append(".\(name)") } else { names.insert(name) }
    }

    /// The host is allowed by its name, whatever it resolves to.
    func covers(host: String) -> Bool {
        names.contains(host) || suffixes.contains { host.hasSuffix($0) && host.utf8.count > $0.utf8.count }
    }

    /// The address is allowed, whoever it belongs to.
    func covers(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }

    private static func isName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { $0.isHostCharacter }
                && !label.hasPrefix("-") && !label.hasSuffix("-")
        }
    }
}
