import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Participants
import Testing

@Suite("TLS in which the client proves itself, and authorities of a participant's own", .timeLimit(.minutes(2)))
struct MutualTLSTests {
    private let certificates: Certificates

    init() throws {
        certificates = try Certificates()
        try certificates.makeClient("client")
        try certificates.makeClient("second")
        try certificates.makeClient("expired", days: -1)
        try certificates.makeAuthority("other")
        try certificates.makeClient("stranger", authority: "other")
    }

    private func bytes(_ names: String...) throws -> [UInt8] {
        try names.flatMap { Array(try Data(contentsOf: certificates.directory.appendingPathComponent($0))) }
    }

    private func identity(_ client: String?, ca: String? = "ca.pem") throws -> TLSIdentity {
        let pem = try client.map { try bytes("\($0).pem", "\($0).key") }
        return try TLSIdentity(
            TLSIdentity.Files(certificate: pem, authorities: try ca.map { try bytes($0) }), trustRootsFile: nil)
    }

    /// A server that wants a certificate of our authority's.
    private func context(_ version: TLSVersion?) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.path("right.pem"))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificates.path("right.key"), format: .pem)))
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .file(certificates.path("ca.pem"))
        configuration.maximumTLSVersion = version
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    private func call(_ server: FaultyServer, _ identity: TLSIdentity?) -> ParticipantCall {
        var call = ParticipantsTests.call(server.port, scheme: .https, host: "localhost")
        call.identity = identity
        return call
    }

    @Test(
        "the right certificate lets calls in, on a connection that is reused", arguments: [TLSVersion.tlsv12, .tlsv13])
    func right(version: TLSVersion) async throws {
        try await FaultyServer.with(tls: context(version), script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                let identity = try identity("client")
                for _ in 0..<3 {
                    let result = await client.send(call(server, identity))
                    #expect(result.ending == .response(200), "\(result.message ?? "")")
                }
                #expect(server.accepted == 1)
            }
        }
    }

    @Test(
        "without one, with another authority's and with one that has expired no request is passed on",
        arguments: [TLSVersion.tlsv12, .tlsv13], [nil, "stranger", "expired"])
    func wrong(version: TLSVersion, certificate: String?) async throws {
        try await FaultyServer.with(tls: context(version), script: { _ in [.send(answer())] }) { server in
            try await withClient { client in
                let identity = try identity(certificate)
                var refused = 0
                for _ in 0..<10 {
                    let result = await client.send(call(server, identity))
                    // In TLS 1.3 the refusal may be lost to the reset that follows it; then nobody can know.
                    if version == .tlsv13, result.ending == .unknown(.connectionClosed) { continue }
                    #expect(result.ending == .notSent(.tls), "\(result)")
                    let reason = "it does not take the certificate that it was shown, or none"
                    #expect(result.message?.contains(reason) == true, "\(result)")
                    refused += 1
                }
                #expect(refused > 0, "not one refusal was heard")
                #expect(server.requests.isEmpty)
                #expect(identity.fault() == (certificate == "expired" ? "the client's certificate has expired" : nil))
            }
        }
    }

    @Test("connections of one identity are never another's, nor of calls without one")
    func apart() async throws {
        try await FaultyServer.with(tls: context(nil), script: { _ in [.send(answer())] }) { server in
            try await withClient({ $0.trustRootsFile = certificates.path("ca.pem") }) { client in
                let (first, second) = (try identity("client"), try identity("second"))
                for (identity, accepted) in [(first, 1), (second, 2), (first, 2), (second, 2)] {
                    #expect(await client.send(call(server, identity)).ending == .response(200))
                    #expect(server.accepted == accepted)
                }
                // There is an idle connection to this server that would take it.
                #expect(await client.send(call(server, nil)).ending != .response(200))
                // The same files again are another identity: whoever changes a certificate is sure of new connections.
                #expect(await client.send(call(server, try identity("client"))).ending == .response(200))
                #expect(server.accepted == 4)
                #expect(server.requests.count == 5)
            }
        }
    }

    @Test("an authority of its own is trusted, and no other is, not even those that all trust")
    func authority() async throws {
        try await FaultyServer.with(tls: certificates.serverContext("right"), script: { _ in [.send(answer())] }) {
            server in
            try await withClient({ $0.trustRootsFile = certificates.path("ca.pem") }) { client in
                #expect(await client.send(call(server, try identity(nil, ca: "ca.pem"))).ending == .response(200))
                let result = await client.send(call(server, try identity(nil, ca: "other.pem")))
                #expect(result.ending == .notSent(.tls))
                #expect(result.message?.contains("its certificate is not trusted") == true, "\(result)")
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test("files that can't be used are refused with what is wrong, and nothing of them")
    func unusable() throws {
        for (files, reason) in [
            (TLSIdentity.Files(certificate: Array("x".utf8), authorities: nil), "the client's certificate"),
            (TLSIdentity.Files(certificate: try bytes("client.pem"), authorities: nil), "the client's private key"),
            (TLSIdentity.Files(certificate: nil, authorities: []), "the authorities' certificates"),
            (
                TLSIdentity.Files(
                    certificate: try bytes("client.pem"), key: try bytes("second.key"), authorities: nil), "TLS"
            ),
        ] {
            let error = #expect(throws: ParticipantsError.self) { try TLSIdentity(files, trustRootsFile: nil) }
            #expect(error?.description.contains(reason) == true, "\(error.map { "\($0)" } ?? "")")
        }
        // The key may lie in a file of its own.
        let apart = TLSIdentity.Files(
            certificate: try bytes("client.pem"), key: try bytes("client.key"), authorities: nil)
        #expect(try TLSIdentity(apart, trustRootsFile: nil).fault() == nil)
    }
}

extension Certificates {
    func makeAuthority(_ name: String) throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=\(name)", "-keyout",
            "\(name).key", "-out", "\(name).pem")
    }

    /// - Parameter days: until it expires; negative for one that has.
    func makeClient(_ name: String, authority: String = "ca", days: Int = 2) throws {
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", "\(name).key", "-out",
            "\(name).csr")
        try openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-CAcreateserial", "-days", "\(days)", "-out", "\(name).pem")
    }
}
