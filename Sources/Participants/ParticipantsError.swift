/// What can be wrong with this module's inputs. A call itself never throws: it ends in a `TransportResult`.
package enum ParticipantsError: Error, Hashable {
    /// The text is no base URL that may be called; the sentence says why.
    case invalidBaseURL(String)
    /// The PEM file of trust roots cannot be used; the sentence names the file.
    case invalidTrustRoots(String)
    /// The TLS configuration was refused by the TLS library.
    case invalidTLSConfiguration(String)
    /// A host name has no usable address.
    case unresolvable(String)
    /// The host, or every address it has, is one no participant may be at; the sentence names the rule.
    case refusedAddress(String)
    /// The list of allowed hosts holds something else; the sentence names the entry.
    case invalidAllowList(String)
}

extension ParticipantsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidBaseURL(let reason), .invalidTrustRoots(let reason), .invalidTLSConfiguration(let reason),
            .unresolvable(let reason), .refusedAddress(let reason), .invalidAllowList(let reason):
            reason
        }
    }
}
