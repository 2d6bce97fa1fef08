import Core
import Logging
import NIOCore
import NIOPosix
import Participants
import TestSupport
import Testing

@testable import Tokens

@Suite("Fetching keys of issuers")
struct FetchTests {
    private static func fetch(
        _ urls: IssuerURLs, allow: String = "127.0.0.1"
    ) async throws -> String? {
        let fetcher = KeyFetcher(
            eventLoops: MultiThreadedEventLoopGroup.singleton,
            rules: AddressRules(allowing: try AllowList(parsing: allow), by: "the list"), trustRootsFile: nil)
        do throws(KeyFault) {
            _ = try await fetcher.keys(urls, for: [.es256])
            return nil
        } catch { return error.reason }
    }

    @Test("what an issuer answers is its key set, or it is said why there is none")
    func answers() async throws {
        let set = #"{"keys":[]}"#
        let cases: [(FakeIssuer.Document, String?)] = [
            (.init(set), nil), (.init(set, status: 404), "answered 404"), (.init(set, status: 500), "answered 500"),
            (.init("", status: 302, headers: [("location", "/other")]), "answered 302"), (.init("<html>"), "no JSON"),
            (.init(#"{"keys":{}}"#), "no list"), (.init(set + String(repeating: " ", count: 1 << 20)), "exceeds"),
            (.init(set + String(repeating: " ", count: (1 << 20) - set.utf8.count)), nil),
        ]
        try await FakeIssuer.with { issuer in
            issuer.publish(.init(set), at: "/other")
            for (document, reason) in cases {
                issuer.publish(document, at: "/jwks?a=b")
                let fault = try await Self.fetch(.keySet(try IssuerURL("\(issuer.url)/jwks?a=b")))
                if let reason {
                    #expect(fault?.contains(reason) ?? false, "\(reason): \(fault ?? "none")")
                } else {
                    #expect(fault == nil)
                }
            }
            #expect(issuer.count("/other") == 0, "a redirect was followed")
        }
    }

    @Test("nothing is fetched from an address that is not public unless the list has it, wherever a document leads")
    func addresses() async throws {
        try await FakeIssuer.with { issuer in
            issuer.publish([], at: "/jwks")
            let url = try IssuerURL("\(issuer.url)/jwks")
            let fault = try await Self.fetch(.keySet(url), allow: "")
            #expect(fault?.contains("the list does not cover it") ?? false, "\(fault ?? "none")")
            #expect(issuer.count() == 0)
            let path = "/.well-known/openid-configuration"
            let document = try IssuerURL(issuer.url + path)
            for place in [
                "https://169.254.169.254/latest", "https://[::1]:\(issuer.port)/jwks", "https://10.0.0.1/jwks",
                "http://10.0.0.1/jwks", "http://idp.example/jwks", "file:///etc/passwd", "", "https://",
            ] {
                issuer.publish(.init((["issuer": "me", "jwks_uri": .string(place)] as JSON).text), at: path)
                #expect(try await Self.fetch(.discovery(document, issuer: "me")) != nil, "\(place)")
            }
            #expect(issuer.count() == 0)
            issuer.publish(.init((["issuer": "me", "jwks_uri": .string("\(issuer.url)/jwks")] as JSON).text), at: path)
            #expect(try await Self.fetch(.discovery(document, issuer: "me")) == nil)
            let other = try await Self.fetch(.discovery(document, issuer: "me/"))
            #expect(other?.contains("another issuer") ?? false, "\(other ?? "none")")
            #expect(issuer.count() == 1)
        }
    }

    @Test("an issuer that takes a connection and says nothing is given up after five seconds", .timeLimit(.minutes(1)))
    func silent() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let begun = ContinuousClock.now
        let fault = try await Self.fetch(.keySet(try IssuerURL("http://127.0.0.1:\(server.localAddress?.port ?? 0)/")))
        #expect(fault != nil)
        #expect((.seconds(4) ..< .seconds(15)).contains(ContinuousClock.now - begun))
        try await server.close()
    }

    @Test("however many wait for keys, the issuer is asked once")
    func once() async throws {
        let gate = Gate()
        let (begun, beginner) = AsyncStream<Void>.makeStream()
        let keys = IssuerKeys(of: "x", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {
            () async throws(KeyFault) in
            beginner.yield()
            await gate.wait()
            return try await KeySet(jwks: (["keys": [IssuerKey.es256().jwk]] as JSON).bytes, for: [.es256])
        }
        let found = await withTaskGroup(of: Bool.self) { tasks in
            for _ in 0..<50 { tasks.addTask { (try? await keys.verifiers("k", .es256)) != nil } }
            var starts = begun.makeAsyncIterator()
            await starts.next()
            gate.open()
            return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(found == 50 && keys.counts == (1, 0))
    }
}
