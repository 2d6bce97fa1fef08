import Core
import NIOHTTP1
import TestSupport
import Testing

@testable import CLI

@Suite("What a credential is sent as")
struct CredentialTests {
    @Test("keys and tokens of other issuers are bearers', and admin tokens are not, whatever is in them")
    func headers() throws {
        let tokens = [
            try IssuerKey.es256().token(["sub": "ann"]), try IssuerKey.hs256("s", "k").token([:]),
            "sf_0123456789abcdef_" + String(repeating: "A", count: 43),
        ]
        for token in tokens {
            #expect(APIClient.credential(token) == ["authorization": "Bearer \(token)"], "\(token)")
        }
        for token in [
            "secret", "a.b.c", "eyJhbGciOiJub25lIn0", "eyJ.b", "eyJh.b.c!", "eyJh..AA==", "Bearer x", "eyJh.AA.AA.AA",
        ] {
            #expect(APIClient.credential(token) == ["x-admin-token": token], "\(token)")
        }
    }
}
