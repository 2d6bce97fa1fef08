import Core
import Testing

@Suite("Values that name secrets, and what looks like one")
struct SecretTextTests {
    private static let secrets: [String: [UInt8]] = ["a": Array("one".utf8), "b-2": Array("two".utf8)]

    private static func resolved(_ text: String) throws -> String {
        try SecretText(text).resolved { secrets[$0] }
    }

    @Test(
        "every reference gives its secret, and everything else stays as it is",
        arguments: [
            ("plain", "plain"), ("", ""), ("${secret:a}", "one"), ("Bearer ${secret:a}", "Bearer one"),
            ("${secret:a}${secret:b-2}.", "onetwo."), ("$${secret:a}", "$one"), ("${input.x} $ {}", "${input.x} $ {}"),
        ])
    func values(text: String, value: String) throws {
        #expect(try Self.resolved(text) == value)
        #expect(try SecretText(text).isLiteral == (text == value))
        #expect(try SecretText(text).isOneSecret == (text == "${secret:a}"))
    }

    @Test(
        "a reference that is none is refused, and not sent as it is",
        arguments: ["${secret:", "${secret:}", "${secret:A}", "x ${secret:a b} y", "${secret:../a}", "${secret:a"])
    func refused(text: String) {
        #expect(throws: SecretTextError.self) { try SecretText(text) }
    }

    @Test("a secret that is missing, or would break a header apart, is named, and nothing of it is told")
    func missing() throws {
        #expect(throws: MissingSecret.absent("c")) { try Self.resolved("${secret:a} ${secret:c}") }
        for bytes in ["x\r\nhost: evil", "ü", "a\nb", "\u{0}"].map({ Array($0.utf8) }) {
            let error = #expect(throws: MissingSecret.self) { try SecretText("${secret:s}").resolved { _ in bytes } }
            #expect(error == .unprintable("s"))
            #expect(error?.description.contains("evil") == false)
        }
    }

    @Test(
        "what signs calls is never sent with one: who may register a participant could have it sent to themselves",
        arguments: ["whsec_bmV3", "whsk_bmV3", "-----BEGIN PRIVATE KEY-----"])
    func signing(secret: String) {
        #expect(throws: MissingSecret.signs("s")) {
            try SecretText("${secret:s}").resolved { _ in Array(secret.utf8) }
        }
    }

    @Test(
        "headers with credentials are known by their names and by their values",
        arguments: [
            ("Authorization", "x", true), ("cookie", "x", true), ("X-Api-Key", "x", true), ("x-vault-token", "x", true),
            ("X-Client-Secret", "x", true), ("x_auth_key", "x", true), ("X-Password", "x", true), ("apikey", "x", true),
            ("X-Hub-Signature", "x", true), ("X-Whatever", "Bearer abc", true), ("X-Whatever", "basic abc", true),
            ("X-Tenant", "acme", false), ("X-Keyboard", "x", false), ("Accept-Language", "de", false),
            ("X-Tokenizer", "x", false), ("X-Monkey", "x", false),
        ])
    func credentials(name: String, value: String, isOne: Bool) {
        #expect(HeaderName.looksLikeCredential(name, value) == isOne)
    }
}
