internal import Core
internal import NIOCore
internal import NIOPosix
internal import Participants

/// Fetches documents of issuers: by our own client, which follows no redirect and connects to no address that the rules refuse,
/// whatever a name or another document says.
///
/// A client is made for each fetch, which is one in minutes: between them it costs nothing, and authorities are read anew.
struct KeyFetcher: Sendable {
    let eventLoops: any EventLoopGroup
    let rules: AddressRules
    /// A PEM file of certificates to trust besides the system's.
    let trustRootsFile: String?

    /// For all documents of one fetch together.
    static let timeout: Duration = .seconds(5)
    static let maxBytes = 1 << 20

    /// The key set of an issuer.
    func keys(_ source: IssuerURLs, for algorithms: Set<SignatureAlgorithm>) async throws(KeyFault) -> KeySet {
        let client = try await client()
        let fetched: Result<[UInt8], KeyFault>
        do throws(KeyFault) { fetched = .success(try await keySet(source, client)) } catch { fetched = .failure(error) }
        await client.shutdown()
        return try await KeySet(jwks: try fetched.get(), for: algorithms)
    }

    private func keySet(_ source: IssuerURLs, _ client: ParticipantClient) async throws(KeyFault) -> [UInt8] {
        let end = ContinuousClock.now + Self.timeout
        let url: IssuerURL
        switch source {
        case .keySet(let known): url = known
        case .discovery(let document, let issuer):
            url = try Self.keySetURL(try await Self.content(of: document, by: end, client), of: issuer)
        }
        return try await Self.content(of: url, by: end, client)
    }

    /// The document of OpenID Connect Discovery 1.0 §4.3, which must be the issuer's own.
    static func configuration(_ bytes: [UInt8], of issuer: String) throws(KeyFault) -> JSON {
        guard let document = try? JSON(parsing: bytes) else { throw KeyFault("its configuration is no JSON") }
        guard document["issuer"]?.string.map(ExactText.init) == ExactText(issuer) else {
            throw KeyFault("its configuration is that of another issuer")
        }
        return document
    }

    private static func keySetURL(_ bytes: [UInt8], of issuer: String) throws(KeyFault) -> IssuerURL {
        let document = try configuration(bytes, of: issuer)
        guard let text = document["jwks_uri"]?.string else { throw KeyFault("its configuration names no key set") }
        do throws(IssuerURL.Fault) { return try IssuerURL(text) } catch {
            throw KeyFault("its configuration names a key set that can't be fetched: \(error.reason)")
        }
    }

    static func content(
        of url: IssuerURL, by end: ContinuousClock.Instant, _ client: ParticipantClient
    ) async throws(KeyFault) -> [UInt8] {
        let call = ParticipantCall(
            method: "GET", baseURL: url.base, path: url.path, headers: [("accept", "application/json")],
            timeout: end - .now)
        switch await client.send(call) {
        case .response(200, _, _, let body, nil, _): return body
        case .response(200, _, _, _, let fault?, _): throw KeyFault("the body of \(url.base.origin) \(fault)")
        case .response(let status, _, _, _, _, _): throw KeyFault("\(url.base.origin) answered \(status)")
        case .notSent(let failure), .unknown(let failure): throw KeyFault(failure.message)
        }
    }

    /// Reading the system's authorities blocks.
    func client() async throws(KeyFault) -> ParticipantClient {
        var configuration = ParticipantClient.Configuration()
        configuration.maxResponseBytes = Self.maxBytes
        configuration.maxConnectionsPerOrigin = 1
        configuration.resolver = rules.guarding()
        configuration.trustRootsFile = trustRootsFile
        let loop = eventLoops.next()
        do {
            return try await NIOThreadPool.singleton.runIfActive { [configuration] in
                try ParticipantClient(eventLoopGroup: loop, configuration: configuration)
            }
        } catch let error as ParticipantsError {
            throw KeyFault(error.description)
        } catch {
            throw KeyFault("\(error)")
        }
    }
}
