/// The addresses no participant is at unless the operator says so.
///
/// From the registries of special-purpose addresses (IANA, RFC 6890 and what it has been amended by). IPv6 addresses
/// that carry an IPv4 address are judged by that one, see `IPAddress.unwrapped`.
enum SpecialAddresses {
    /// Hand out the credentials or the set-up of the machine that asks: most clouds, and AWS and Google over IPv6; AWS
    /// containers and pods; Tencent, Scaleway, Alibaba, Oracle; Azure's wire server.
    static let metadata: Set<IPAddress> = addresses(
        "169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "169.254.170.2", "169.254.170.23", "fd00:ec2::23",
        "169.254.0.23", "169.254.42.42", "100.100.100.200", "192.0.0.192", "168.63.129.16")

    static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
        "metadata.azure.internal", "metadata.tencentyun.com",
    ]

    /// The ranges, and what is said of an address in them.
    static let refused: [(range: AddressRange, what: String)] =
        ranges("an address of this machine", "127.0.0.0/8", "::1/128")
        + ranges("an unspecified address", "0.0.0.0/8", "::/128")
        + ranges("a private address", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")
        + ranges("an address shared behind a carrier's NAT", "100.64.0.0/10")
        + ranges("a link-local address", "169.254.0.0/16", "fe80::/10")
        + ranges("a multicast address", "224.0.0.0/4", "ff00::/8")
        + ranges("a reserved or broadcast address", "240.0.0.0/4")
        + ranges(
            "an address reserved for documentation, benchmarks or protocols", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "64:ff9b:1::/48", "100::/64",
            "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")

    private static func ranges(_ what: String, _ texts: String...) -> [(range: AddressRange, what: String)] {
        texts.map { text in
            guard let range = AddressRange(text) else { preconditionFailure("\(text) is no range") }
            return (range, what)
        }
    }

    private static func addresses(_ texts: String...) -> Set<IPAddress> {
        Set(
            texts.map { text in
                guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
                return address
            })
    }
}
