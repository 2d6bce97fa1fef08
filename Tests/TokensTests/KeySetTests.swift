import Core
import TestSupport
import Testing

@testable import Tokens

@Suite("Which keys are taken for which tokens")
struct KeySetTests {
    private static let all = Set(SignatureAlgorithm.allCases)

    private static func set(
        _ keys: [JSON], for algorithms: Set<SignatureAlgorithm> = all
    ) async throws(KeyFault) -> KeySet {
        try await KeySet(jwks: (["keys": .array(keys)] as JSON).bytes, for: algorithms)
    }

    /// How many keys a token is tried with; nil where none is known, 0 where those that are do not fit.
    private static func count(_ set: KeySet, _ id: String?, _ algorithm: SignatureAlgorithm) -> Int? {
        switch set.match(id, algorithm) {
        case .verifiers(let verifiers): verifiers.count
        case .unfit: 0
        case .unknown: nil
        }
    }

    @Test("a key is tried with the algorithm it is for, or with those of its kind, and with no other")
    func kinds() async throws {
        let keys: [(IssuerKey, [SignatureAlgorithm])] = [
            (.es256("a"), [.es256]), (.es384("b"), [.es384]), (.es512("c"), [.es512]), (.edDSA("d"), [.edDSA]),
            (try .rsa("e"), [.rs256]), (try .rsa("f", algorithm: "PS512"), [.ps512]),
            (try .rsa("g").with(["alg": nil]), [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]),
            (.es256("h").with(["alg": nil]), [.es256]),
        ]
        let set = try await Self.set(keys.map(\.0.jwk))
        for (key, fit) in keys {
            for algorithm in SignatureAlgorithm.allCases {
                #expect(
                    Self.count(set, key.id, algorithm) == (fit.contains(algorithm) ? 1 : 0),
                    "\(key.id ?? "") \(algorithm)")
            }
        }
        let narrow = try await Self.set(keys.map(\.0.jwk), for: [.rs256])
        #expect(Self.count(narrow, "g", .ps256) == 0 && Self.count(narrow, "g", .rs256) == 1)
    }

    @Test(
        "what is no key for signatures, too short, malformed or secret is passed over, and the others are taken",
        arguments: [
            ["use": "enc"], ["key_ops": ["encrypt"]], ["key_ops": "verify"], ["alg": "HS256"], ["alg": "none"],
            ["alg": "RSA-OAEP"], ["alg": 5], ["kty": "oct", "k": "c2VjcmV0"], ["kty": "DSA"], ["kid": 7],
            ["n": "AQAB"], ["n": "!"], ["n": 7], ["n": nil], ["e": nil], ["e": "Ag"], ["e": ""],
        ] as [JSONObject])
    func passedOver(_ change: JSONObject) async throws {
        let bad = try IssuerKey.rsa("bad").with(change)
        let set = try await Self.set([bad.jwk, 7, IssuerKey.es256("good").jwk])
        #expect((Self.count(set, "bad", .rs256) ?? 0) == 0, "\(change)")
        #expect(Self.count(set, "good", .es256) == 1)
    }

    @Test("an RSA key has 2048 bits at least, in a set as in a file")
    func sizes() async throws {
        let short = try IssuerKey.rsa("short", bits: 1024)
        #expect(Self.count(try await Self.set([short.jwk]), "short", .rs256) == nil)
        #expect(VerificationKey(pem: short.pem) == nil)
        #expect(VerificationKey(pem: try IssuerKey.rsa().pem)?.kind == .rsa)
        // A short one does not grow by zeros before it.
        let padded = try short.with([
            "n": .string(String(repeating: "A", count: 400) + #require(short.jwk["n"]?.string))
        ])
        #expect(Self.count(try await Self.set([padded.jwk]), "short", .rs256) == nil)
    }

    @Test("points that are not on their curve are no keys")
    func points() async throws {
        let (one, other) = (IssuerKey.es256("x"), IssuerKey.es256())
        let mixed = one.with(["y": other.jwk["y"] ?? .null])
        #expect(Self.count(try await Self.set([mixed.jwk]), "x", .es256) == nil)
        #expect(Self.count(try await Self.set([one.with(["crv": "P-384"]).jwk]), "x", .es256) == nil)
        #expect(Self.count(try await Self.set([one.with(["crv": "secp256k1"]).jwk]), "x", .es256) == nil)
    }

    @Test("keys that share an id are tried in turn, a few of them")
    func duplicates() async throws {
        let set = try await Self.set(
            (0..<20).map { _ in IssuerKey.es256("same").jwk } + [IssuerKey.edDSA("same").jwk])
        #expect(Self.count(set, "same", .es256) == KeySet.mostCandidates)
        #expect(Self.count(set, "same", .edDSA) == 1)
    }

    @Test("a token that names no key means the only one that fits, and a key without an id is no other's")
    func nameless() async throws {
        let one = try await Self.set([IssuerKey.es256(nil).jwk, IssuerKey.edDSA("e").jwk])
        #expect(Self.count(one, nil, .es256) == 1 && Self.count(one, nil, .edDSA) == 1)
        #expect(Self.count(one, "k", .es256) == nil)
        let two = try await Self.set([IssuerKey.es256(nil).jwk, IssuerKey.es256("k").jwk])
        #expect(Self.count(two, nil, .es256) == 0 && Self.count(two, "k", .es256) == 1)
        #expect(Self.count(try await Self.set([]), nil, .es256) == nil)
    }

    @Test(
        "what is no key set is none",
        arguments: [
            "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[],"keys":[]}"#, "<html>",
            #"{"keys":[\#(Array(repeating: "1", count: 101).joined(separator: ","))]}"#,
        ])
    func malformed(_ text: String) async throws {
        await #expect(throws: KeyFault.self) { try await KeySet(jwks: Array(text.utf8), for: Self.all) }
    }
}
