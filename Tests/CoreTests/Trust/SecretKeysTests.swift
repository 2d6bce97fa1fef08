import Basics
import Core
import Testing

@Suite("Keys that encrypt what stands in the database")
struct SecretKeysTests {
    private static func key(_ byte: UInt8) -> String { Base64.encode(Array(repeating: byte, count: 32)) }

    private static let payments = ParticipantID("payments", of: .shared)
    private static let place = SecretPlace.header("Authorization", of: payments)

    @Test(
        "what the newest key encrypts opens with it at its place, and nowhere else", arguments: ["", "Bearer x", "ü€"])
    func roundTrip(text: String) throws {
        let old = try SecretKeys("2026-05: \(Self.key(5))")
        let both = try SecretKeys("# the newest first\n2026-11: \(Self.key(11))\n2026-05: \(Self.key(5))\n")
        let sealed = both.seal(text, for: Self.place)
        #expect(both.newest == "2026-11" && both.ids == ["2026-11", "2026-05"])
        #expect(try both.open(sealed, with: "2026-11", for: Self.place) == text)
        // Names of headers are the same in any case.
        #expect(
            try both.open(sealed, with: "2026-11", for: .header("AUTHORIZATION", of: Self.payments)) == text)
        #expect(try both.open(old.seal(text, for: Self.place), with: "2026-05", for: Self.place) == text)
        #expect(throws: UnsealingError.noKey("2026-11")) { try old.open(sealed, with: "2026-11", for: Self.place) }
        for other: SecretPlace in [
            .header("Authorization", of: ParticipantID("orders", of: .shared)), .header("Cookie", of: Self.payments),
            .clientSecret(of: Self.payments),
            .header("Authorization", of: ParticipantID("payments", of: .tenant("acme"))),
        ] {
            #expect(throws: UnsealingError.altered("2026-11")) { try both.open(sealed, with: "2026-11", for: other) }
        }
        #expect(throws: UnsealingError.altered("2026-05")) { try both.open(sealed, with: "2026-05", for: Self.place) }
    }

    @Test(
        "a value of a tenant's own opens for that alone: not for the shared one of its name, nor for another tenant's")
    func owners() throws {
        let keys = try SecretKeys("k:\(Self.key(1))")
        let places = [Owner.shared, .tenant("acme"), .tenant("other")].flatMap { owner in
            let participant = ParticipantID("payments", of: owner)
            return [SecretPlace.header("x", of: participant), .clientSecret(of: participant)]
        }
        for (index, place) in places.enumerated() {
            let sealed = keys.seal("secret", for: place)
            for (other, elsewhere) in places.enumerated() {
                let opened = try? keys.open(sealed, with: "k", for: elsewhere)
                #expect(opened == (index == other ? "secret" : nil), "\(index) \(other)")
            }
        }
    }

    @Test("a bit that was changed, a piece that is missing and what is no ciphertext open nothing")
    func altered() throws {
        let keys = try SecretKeys("k:\(Self.key(1))")
        let bytes = try #require(Base64URL.decode(keys.seal("secret", for: Self.place)))
        #expect(bytes.count == 12 + 6 + 16)
        var texts = ["", "!", "AAAA"] + (0..<bytes.count).map { Base64URL.encode(Array(bytes[..<$0])) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            texts.append(Base64URL.encode(changed))
        }
        for text in texts {
            #expect(throws: UnsealingError.altered("k")) { try keys.open(text, with: "k", for: Self.place) }
        }
    }

    @Test("the same text is another ciphertext each time")
    func nonces() throws {
        let keys = try SecretKeys("k:\(Self.key(1))")
        #expect(Set((0..<100).map { _ in keys.seal("same", for: Self.place) }).count == 100)
    }

    @Test(
        "a list that can't be used is refused with a sentence that holds no key",
        arguments: [
            "", "\n#\n", "k", "K:\(key(1))", "k:short", "k:\(key(1)),k:\(key(2))", "k:\(key(1))x", ":\(key(1))",
            (0...16).map { "k\($0):\(key(1))" }.joined(separator: ","),
        ])
    func refused(text: String) {
        let error = #expect(throws: SecretKeysError.self) { try SecretKeys(text) }
        #expect(error?.description.contains(Self.key(1).prefix(8)) == false)
    }

    @Test("either alphabet of base64 is read, with padding or without")
    func alphabets() throws {
        let bytes = (0..<32).map { UInt8(0xFB) &- UInt8($0 % 2) }
        let text = Base64.encode(bytes)
        for form in [text, text.replacing("=", with: ""), Base64URL.encode(bytes)] {
            #expect(Base64.decode(form) == bytes)
            _ = try SecretKeys("k:\(form)")
        }
        #expect(text.contains("+") || text.contains("/"))
    }
}
