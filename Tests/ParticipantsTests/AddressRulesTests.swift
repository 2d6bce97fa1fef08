import Participants
import Synchronization
import Testing

@Suite("No participant is in the machine's own network unless the operator has named it")
struct AddressRulesTests {
    static func rules(_ allowed: String = "") throws -> AddressRules {
        AddressRules(allowing: try AllowList(parsing: allowed))
    }

    /// Whether a host that resolves to `addresses` may be called.
    private static func isRefused(_ addresses: String..., host: String = "p.example", allowed: String = "") throws
        -> Bool
    {
        do {
            let found = addresses.map { ResolvedAddress(ip: $0) }
            return try rules(allowed).permitted(found, of: host) != found
        } catch ParticipantsError.refusedAddress { return true }
    }

    @Test(
        "every special address is refused, at both ends of its range and in every disguise",
        arguments: [
            "127.0.0.1", "127.255.255.255", "::1", "0.0.0.0", "0.255.255.255", "::", "10.0.0.0", "10.255.255.255",
            "172.16.0.0", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.0", "100.127.255.255",
            "fc00::1", "fdff:ffff::1", "fec0::1", "169.254.0.1", "169.254.169.254", "fe80::1", "febf::1",
            "fe80::1%eth0",
            "fd00:ec2::254", "100.100.100.200", "224.0.0.1", "239.255.255.255", "ff02::1", "240.0.0.1",
            "255.255.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.9",
            "2001:db8::1", "3fff::1", "2001::1", "100::1", "64:ff9b:1::1",
            "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101:ffff::9", "168.63.129.16",
            "192.0.0.192", "nonsense",
        ])
    func refused(_ address: String) throws { #expect(try Self.isRefused(address)) }

    @Test(
        "the addresses next to them are public",
        arguments: [
            "126.255.255.255", "128.0.0.1", "1.0.0.0", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
            "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0",
            "223.255.255.255", "198.17.255.255", "198.20.0.0", "2600::1", "2a00:1450::1", "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1", "2003::1",
        ])
    func permitted(_ address: String) throws { #expect(try !Self.isRefused(address)) }

    @Test(
        "a host that some read as an address is refused before anybody reads it",
        arguments: [
            "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.01", "127.0.1",
            "1.1.1.1.1", "8.8.8.8.", "127.0.0.1.", "x.0x7f", "256.256.256.256", "134744072",
        ])
    func numbers(_ host: String) throws { #expect(try Self.rules("0.0.0.0/0").violation(ofHost: host) != nil) }

    @Test("names of metadata services are refused, with a dot at their end too")
    func metadataNames() throws {
        for name in ["metadata.google.internal", "metadata", "instance-data.ec2.internal", "metadata.goog."] {
            #expect(try Self.rules("*.internal,*.google.internal").violation(ofHost: name) != nil)
            #expect(try Self.isRefused("8.8.8.8", host: name))
        }
        #expect(try Self.rules("metadata.google.internal").violation(ofHost: "metadata.google.internal") == nil)
        #expect(try Self.rules().violation(ofHost: "payments.example") == nil)
    }

    @Test(
        "what the list names is allowed, and nothing beside it",
        arguments: [
            ("127.0.0.0/8", "p", "127.9.9.9", true), ("127.0.0.0/8", "p", "::1", false),
            ("127.0.0.0/8", "p", "::ffff:127.0.0.1", true), ("10.1.0.0/16", "p", "10.1.255.255", true),
            ("10.1.0.0/16", "p", "10.2.0.0", false), ("10.1.2.3", "p", "10.1.2.3", true),
            ("10.1.2.3", "p", "10.1.2.4", false), ("fd12::/16", "p", "fd12:1::1", true),
            ("fd12::/16", "p", "fd13::1", false), ("[::1]", "p", "::1", true), ("0.0.0.0/0", "p", "192.168.1.1", true),
            ("0.0.0.0/0", "p", "fc00::1", false), ("::/0", "p", "fc00::1", true),
            ("::/0", "p", "::ffff:10.0.0.1", false),
            ("mocks", "mocks", "172.18.0.5", true), ("mocks", "mocks2", "172.18.0.5", false),
            ("Mocks , other", "mocks", "172.18.0.5", true), ("*.svc.local", "a.svc.local", "10.0.0.1", true),
            ("*.svc.local", "a.b.svc.local", "10.0.0.1", true), ("*.svc.local", "svc.local", "10.0.0.1", false),
            ("*.svc.local", "evilsvc.local", "10.0.0.1", false), ("169.254.0.0/16", "p", "169.254.1.1", true),
            // A metadata service must be named itself: no range, name or suffix is meant to include it.
            ("169.254.0.0/16", "p", "169.254.169.254", false), ("0.0.0.0/0", "p", "169.254.169.254", false),
            ("p", "p", "169.254.169.254", false), ("169.254.169.254", "p", "169.254.169.254", true),
            ("169.254.169.254/32", "p", "::ffff:169.254.169.254", true), ("fd00::/8", "p", "fd00:ec2::254", false),
            ("100.64.0.0/10", "p", "100.100.100.200", false), ("169.254.0.0/16", "p", "169.254.170.2", false),
        ])
    func allowed(list: String, host: String, address: String, isAllowed: Bool) throws {
        #expect(try Self.isRefused(address, host: host, allowed: list) != isAllowed)
    }

    @Test("of several addresses only those that may be called are, and none is no answer but a refusal")
    func several() throws {
        let found = ["::1", "127.0.0.1", "8.8.8.8"].map { ResolvedAddress(ip: $0) }
        #expect(try Self.rules().permitted(found, of: "p").map(\.ip) == ["8.8.8.8"])
        #expect(try Self.rules("127.0.0.0/8").permitted(found, of: "p").map(\.ip) == ["127.0.0.1", "8.8.8.8"])
        let error = #expect(throws: ParticipantsError.self) {
            try Self.rules().permitted(Array(found.prefix(2)), of: "p.example")
        }
        #expect(
            error?.description
                == "p.example leads to ::1, an address of this machine, and PARTICIPANT_ALLOW does not cover it.")
    }

    @Test(
        "an entry that is none is refused by name",
        arguments: [
            "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/8/8", "::ffff:10.0.0.0/104", "2002::/16", "*",
            "*.", "*.*.x", "a_b.*", "http://x", "x:80", "127.1", "0x7f.1", "[::1", "a..b", "-a", "ä", "10.0.0.0/+8",
        ])
    func badEntries(_ entry: String) {
        let error = #expect(throws: ParticipantsError.self) { try Self.rules("fine, \(entry)") }
        #expect(error?.description.contains("\"\(entry)\"") == true, "\(String(describing: error))")
    }

    @Test(
        "an address reads as it was written",
        arguments: ["10.1.2.3", "0.0.0.0", "255.255.255.255", "::1", "fd00:ec2::254"])
    func description(_ text: String) { #expect(IPAddress(text)?.description == text) }

    @Test("a name that resolved well and then to this machine is not called there: no connection, not sent")
    func rebinding() async throws {
        let lookups = Mutex(0)
        let resolver: HostResolver = { _ throws(ParticipantsError) in
            let number = lookups.withLock { count in
                count += 1
                return count
            }
            // 127.0.0.2 stands for the good address, 127.0.0.1 for what an attacker's name server says later.
            return [ResolvedAddress(ip: number == 1 ? "127.0.0.2" : "127.0.0.1")]
        }
        let rules = try Self.rules("127.0.0.2")
        try await FaultyServer.with(script: { _ in [.send(answer())] }) { server in
            try await withClient({ $0.resolver = rules.guarding(resolver) }) { client in
                // Nobody listens on 127.0.0.2, so the first call forgets the addresses.
                #expect(await client.send(call(server.port, host: "rebound.test")).ending == .notSent(.connect))
                let second = await client.send(call(server.port, host: "rebound.test"))
                #expect(second.ending == .notSent(.notAllowed))
                #expect(second.message?.contains("rebound.test leads to 127.0.0.1, an address of this machine") == true)
                for host in ["127.0.0.1", "localhost", "127.1", "2130706433"] {
                    #expect(await client.send(call(server.port, host: host)).ending == .notSent(.notAllowed), "\(host)")
                }
                #expect(server.requests.isEmpty)
            }
        }
    }
}
