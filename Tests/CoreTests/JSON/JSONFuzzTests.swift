import Core
import Simulation
import Testing

@Suite("JSON under random input")
struct JSONFuzzTests {
    @Test("random bytes never crash the parser, and what it accepts it writes and reads again", arguments: 1...8)
    func randomBytes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet =
            Array("{}[]\",:\\/bfnrtu0123456789eE+-. \ntrufalsn\u{e9}".utf8) + [0x00, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<2500 {
            let count = Int.random(in: 0...24, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            try checkIfAccepted(bytes)
        }
    }

    @Test("a valid text with a byte changed, removed or doubled is refused or read, never misread", arguments: 1...8)
    func mutations(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = value(depth: 4, &random).bytes
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            default: bytes.insert(bytes[index], at: index)
            }
            try checkIfAccepted(bytes)
        }
    }

    @Test("random values survive being written and read, compact and canonical", arguments: 1...8)
    func roundTrips(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let json = value(depth: 5, &random)
            #expect(try JSON(parsing: json.bytes) == json)
            #expect(try JSON(parsing: json.canonicalBytes) == json)
            #expect(try JSON(parsing: json.bytes).bytes == json.bytes)
            #expect(try JSON(parsing: json.canonicalBytes).canonicalBytes == json.canonicalBytes)
        }
    }

    private func checkIfAccepted(_ bytes: [UInt8]) throws {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            return
        }
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        #expect(try JSON(parsing: json.bytes) == json)
    }

    private func value(depth: Int, _ random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: JSON(Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<63, using: &random))
        case 3:
            JSONNumber(Double(bitPattern: random.next())).flatMap { abs($0.double ?? 0) < 1e300 ? .number($0) : nil }
                ?? 0.5
        case 4: .string(text(&random))
        case 5, 6: .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0..<24, using: &random)).map { _ in
                        (key: text(&random), value: value(depth: depth - 2, &random))
                    }))
        }
    }

    private func text(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let ranges: [ClosedRange<UInt32>] = [1...0x7F, 1...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0x10000...0x10FFFF]
            let range = ranges.randomElement(using: &random) ?? 1...0x7F
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "?")
        }
        return text
    }
}
