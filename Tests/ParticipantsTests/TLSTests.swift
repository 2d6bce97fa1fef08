import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Participants
import Testing

/// A certificate authority of our own and certificates of it, made with openssl in a directory that is removed again.
final class Certificates {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("participants-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Test CA", "-keyout", "ca.key",
            "-out", "ca.pem")
        try makeServer("right", names: "DNS:localhost,IP:127.0.0.1")
        try makeServer("wrong", names: "DNS:elsewhere.test,IP:127.0.0.9")
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    func serverContext(_ name: String) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(path("\(name).pem")).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: path("\(name).key"), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    private func makeServer(_ name: String, names: String) throws {
        try Data("subjectAltName=\(names)".utf8).write(to: directory.appendingPathComponent("\(name).ext"))
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", "\(name).key", "-out",
            "\(name).csr")
        try openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(name).ext", "-out", "\(name).pem")
    }

    func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " ")) failed")
    }
}

@Suite(
    "TLS: only the right participant is called, and no request leaves before it has proved itself",
    .timeLimit(.minutes(2)))
struct TLSTests {
    private let certificates: Certificates

    init() throws {
        certificates = try Certificates()
    }

    @Test(
        "the right certificate by name and by address, on a connection that is reused",
        arguments: ["localhost", "127.0.0.1"])
    func right(host: String) async throws {
        try await FaultyServer.with(tls: certificates.serverContext("right"), script: { _ in [.send(answer())] }) {
            server in
            try await withClient({ $0.trustRootsFile = certificates.path("ca.pem") }) { client in
                for _ in 0..<5 {
                    let result = await client.send(call(server.port, scheme: .https, host: host))
                    #expect(result.ending == .response(200), "\(result.message ?? "")")
                }
                #expect(server.accepted == 1)
            }
            try await until("the server sees every connection closed") { server.openChannels.isEmpty }
        }
    }

    @Test(
        "a wrong certificate is refused before anything is sent",
        arguments: [("wrong", "localhost", true), ("wrong", "127.0.0.1", true), ("right", "localhost", false)])
    func wrong(_ certificate: String, _ host: String, _ trusted: Bool) async throws {
        try await FaultyServer.with(tls: certificates.serverContext(certificate), script: { _ in [.send(answer())] }) {
            server in
            try await withClient({ if trusted { $0.trustRootsFile = certificates.path("ca.pem") } }) { client in
                let result = await client.send(call(server.port, scheme: .https, host: host))
                #expect(result.ending == .notSent(.tls))
                let reason = trusted ? "its certificate is for another host" : "its certificate is not trusted"
                let origin = "https://\(host):\(server.port)"
                #expect(result.message == "The TLS handshake with \(origin) failed: \(reason).")
                #expect(server.requests.isEmpty)
                #expect(await client.statistics().connecting == 0)
            }
        }
    }

    @Test("a server that does not speak TLS, and one that says nothing, fail the handshake in time")
    func noTLS() async throws {
        let acts: [[Act]] = [[.send("SSH-2.0-x\r\n")], [.close], []]
        for act in acts {
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Greeter(acts: act))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            try await withClient({ $0.connectTimeout = .seconds(2) }) { client in
                let port = try #require(listener.localAddress?.port)
                let result = await client.send(call(port, scheme: .https))
                #expect(result.ending == .notSent(.tls))
                let reasons = [
                    "it does not speak TLS", "the connection was closed", "it was broken off", "took too long",
                ]
                #expect(reasons.contains { result.message?.contains($0) == true }, "\(result.message ?? "")")
            }
            try await listener.close().get()
        }
    }

    @Test("an answer cut off without TLS's farewell is not taken for a whole one")
    func truncated() async throws {
        let script: FaultyServer.Script = { _ in [.send("HTTP/1.1 200 OK\r\n\r\n{\"half\":"), .reset] }
        try await FaultyServer.with(tls: certificates.serverContext("right"), script: script) { server in
            try await withClient({ $0.trustRootsFile = certificates.path("ca.pem") }) { client in
                let result = await client.send(call(server.port, scheme: .https))
                #expect(result.ending == .unknown(.connectionClosed), "\(result)")
            }
        }
    }

    @Test("a large request and a large answer pass")
    func large() async throws {
        let text = String(repeating: "0123456789abcdef", count: 16_000)
        try await FaultyServer.with(
            tls: certificates.serverContext("right"),
            script: { [.send(answer(body: String(decoding: $0.body, as: UTF8.self)))] }
        ) { server in
            try await withClient({ $0.trustRootsFile = certificates.path("ca.pem") }) { client in
                for _ in 0..<3 {
                    let result = await client.send(call(server.port, scheme: .https, body: text))
                    #expect(result.body == Array(text.utf8))
                }
                #expect(server.accepted == 1)
            }
        }
    }

    @Test("trust roots that cannot be read are an error at the start that names the file")
    func missingRoots() throws {
        var configuration = ParticipantClient.Configuration()
        configuration.trustRootsFile = "/nonexistent/roots.pem"
        let error = #expect(throws: ParticipantsError.self) {
            _ = try ParticipantClient(
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        }
        #expect(error?.description.contains("/nonexistent/roots.pem") == true)
    }
}

/// Does something as soon as somebody connects, whatever they say.
private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let acts: [Act]

    init(acts: [Act]) {
        self.acts = acts
    }

    func channelActive(context: ChannelHandlerContext) {
        for act in acts {
            switch act {
            case .send(let text): context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
            case .close: context.close(promise: nil)
            case .sendBytes, .drip, .endless, .reset, .wait: preconditionFailure("not an act of a greeter")
            }
        }
    }
}
