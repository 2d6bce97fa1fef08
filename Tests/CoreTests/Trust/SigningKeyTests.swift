import Basics
import Core
import Testing

@Suite("Keys that sign calls")
struct SigningKeyTests {
    /// The key of RFC 8037, appendix A.1.
    private static let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    private static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

    private static var pem: String {
        get throws {
            let seed = try #require(Base64URL.decode(seed))
            let der: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20] + seed
            return "-----BEGIN PRIVATE KEY-----\n\(Base64.encode(der))\n-----END PRIVATE KEY-----\n"
        }
    }

    @Test("both forms of a file give the public key of RFC 8037")
    func forms() throws {
        for text in [try Self.pem, "whsk_\(Self.seed)", try Self.pem.replacing("\n", with: "\r\n")] {
            #expect(SigningKey(id: "k", file: Array(text.utf8))?.publicKey == Self.publicKey)
        }
        let jwk = SigningKey.jwk(id: "k", publicKey: Self.publicKey)
        #expect(jwk["kty"] == "OKP" && jwk["crv"] == "Ed25519" && jwk["x"] == .string(Self.publicKey))
        #expect(jwk["d"] == nil)
    }

    @Test("a key without a name of its own is called by its thumbprint, that of RFC 8037, appendix A.3")
    func thumbprint() throws {
        let key = try #require(SigningKey(id: nil, file: Array("whsk_\(Self.seed)".utf8)))
        #expect(key.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("what is no such key is none: other secrets lie in the same folder")
    func others() throws {
        let pem = try Self.pem
        for text in [
            "", "secret", Self.seed, "whsec_\(Self.seed)", "whsk_", "whsk_AAAA",
            pem.replacing("PRIVATE", with: "PUBLIC"),
            pem.replacing("MC4C", with: "MC4D"), "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n" + pem,
        ] {
            #expect(SigningKey(id: "k", file: Array(text.utf8)) == nil, "\(text)")
        }
        #expect(SigningKey(id: "k", file: [0xFF, 0xFE]) == nil)
    }

    @Test("a token says what the call is, for whom, and for how long")
    func token() throws {
        let key = try #require(SigningKey(id: "2026-11", file: Array("whsk_\(Self.seed)".utf8)))
        let claims = CallClaims(
            audience: "payments", method: "POST", path: "/v1/charge?x=1", body: Array("{}".utf8),
            idempotencyKey: "r:s:execute", runID: "r")
        let token = try key.token(claims.json(at: Instant(microseconds: 1_800_000_000_999_999)))
        let parts = token.split(separator: ".").map { Base64URL.decode(String($0)) }
        #expect(parts.count == 3 && parts[2]?.count == 64)
        #expect(try JSON(parsing: try #require(parts[0])) == ["alg": "EdDSA", "typ": "JWT", "kid": "2026-11"])
        #expect(
            try JSON(parsing: try #require(parts[1])) == [
                "iss": "sagaflow", "aud": "payments", "iat": 1_800_000_000, "exp": 1_800_000_060, "method": "POST",
                "path": "/v1/charge?x=1",
                "bodySha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                "idempotencyKey": "r:s:execute", "runId": "r",
            ])
    }
}
