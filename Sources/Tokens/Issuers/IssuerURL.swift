internal import Participants

/// Where a document of an issuer is: `https`, or `http` on this machine.
struct IssuerURL: Sendable, Hashable {
    let base: BaseURL
    /// With its query.
    let path: String

    /// Why a text is none: a clause that does not repeat it.
    struct Fault: Error {
        let reason: String
    }

    init(_ text: String) throws(Fault) {
        // What comes before the path is judged by itself, and then the rest against it.
        let separator = text.firstRange(of: "://")
        let authority = separator.map { text[$0.upperBound...] } ?? ""
        let end = authority.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? authority.endIndex
        let root: BaseURL
        do throws(ParticipantsError) { root = try BaseURL(parsing: String(text[..<end])) } catch {
            throw Fault(reason: "it is no URL that can be fetched: \(error.description)")
        }
        guard root.origin.scheme == .https || Self.isThisMachine(root.origin.host) else {
            throw Fault(reason: "it must begin with https://; http:// is for this machine alone")
        }
        guard text.utf8.count <= 2048, let path = root.path(ofLocation: end == text.endIndex ? "\(text)/" : text) else {
            throw Fault(reason: "its path or query is malformed")
        }
        (base, self.path) = (root, path)
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.") && IPAddress(host) != nil
    }
}

/// Where the keys of an issuer are published.
enum IssuerURLs: Sendable {
    /// The key set itself.
    case keySet(IssuerURL)
    /// A document that names it, and whose issuer must be this one.
    case discovery(IssuerURL, issuer: String)
}
