import Core
import Testing

@Suite("Callback tokens")
struct CallbackTokenTests {
    private static let key = CallbackKey(number: 7, secret: Array(repeating: 9, count: 32))
    private static let token = CallbackToken(
        runID: RunID(high: 0x0123_4567_89AB_7DEF, low: .max - 1), step: 99, action: .compensate)

    @Test("says which action of which run it is for, and is read with its key alone")
    func roundTrip() throws {
        let text = Self.token.text(Self.key)
        #expect(text.utf8.count == 59)
        #expect(CallbackToken.key(of: text) == 7)
        #expect(CallbackToken(text, Self.key) == Self.token)
        #expect(CallbackToken(text, CallbackKey(number: 7, secret: Array(repeating: 8, count: 32))) == nil)
        #expect(CallbackToken(text, CallbackKey(number: 8, secret: Self.key.secret)) == nil)
        let other = CallbackToken(runID: Self.token.runID, step: 99, action: .execute)
        #expect(other.text(Self.key) != text)
    }

    @Test("changed in any place it is none")
    func forged() {
        let text = Array(Self.token.text(Self.key).utf8)
        for place in text.indices {
            var changed = text
            changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let forged = String(decoding: changed, as: UTF8.self)
            #expect(CallbackToken(forged, Self.key) == nil, "\(place)")
        }
        for text in [
            "", "x", String(decoding: text.dropLast(), as: UTF8.self), String(decoding: text, as: UTF8.self) + "A",
        ] {
            #expect(CallbackToken(text, Self.key) == nil && CallbackToken.key(of: text) == nil)
        }
    }
}
