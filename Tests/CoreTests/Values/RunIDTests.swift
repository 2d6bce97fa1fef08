import Core
import Simulation
import Testing

@Suite("Run ids")
struct RunIDTests {
    @Test("the example of RFC 9562 comes out bit by bit")
    func example() {
        let id = RunID.v7(milliseconds: 0x017F_22E2_79B0, random: (0xCC3, 0x18C4_DC0C_0C07_398F))
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(id.milliseconds == 0x017F_22E2_79B0)
    }

    @Test(
        "version and variant stand whatever the random bits are",
        arguments: [
            (UInt64.min, "00000000-0000-7000-8000-000000000000"), (.max, "ffffffff-ffff-7fff-bfff-ffffffffffff"),
        ])
    func fixedBits(_ bits: UInt64, _ text: String) {
        #expect(RunID.v7(milliseconds: bits & 0xFFFF_FFFF_FFFF, random: (bits, bits)).description == text)
    }

    @Test("the canonical form is read in any case and written in lower case")
    func text() throws {
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        #expect(try #require(RunID(text)).description == text)
        #expect(RunID(text.uppercased()) == RunID(text))
        #expect(RunID(text) == RunID(high: 0x017F_22E2_79B0_7CC3, low: 0x98C4_DC0C_0C07_398F))
    }

    @Test("an engine's id has the same bits and the same text")
    func engines() throws {
        let id = EngineID.v7(milliseconds: 0x017F_22E2_79B0, random: (0xCC3, 0x18C4_DC0C_0C07_398F))
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(EngineID(id.description.uppercased()) == id)
        #expect(EngineID("017f22e2-79b0-7cc3-98c4-dc0c0c07398") == nil)
    }

    @Test(
        "every other form is refused",
        arguments: [
            "", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
            "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
            "017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
            "017f22e-279b0-7cc3-98c4-dc0c0c07398f", " 017f22e2-79b0-7cc3-98c4-dc0c0c0739",
            "017f22e2-79b0-7cc3-98c4-dc0c0c0739é",
            "------------------------------------", "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c",
        ])
    func refuses(_ text: String) {
        #expect(RunID(text) == nil)
    }

    @Test("ids order like their text")
    func order() throws {
        let texts = [
            "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-ffff-ffffffffffff",
            "00000000-0000-0001-0000-000000000000", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ]
        let ids = try texts.map { try #require(RunID($0)) }
        #expect(ids.shuffled().sorted() == ids)
        #expect(texts.sorted() == texts)
    }

    @Test("ids only grow: within a millisecond, past the counter's end, and when the clock steps back")
    func monotonic() {
        var random = SeededGenerator(seed: 7)
        var generator = RunIDGenerator()
        var last = generator.next(milliseconds: 1000, using: &random)
        for now in Array(repeating: UInt64(1000), count: 20_000) + [1001, 5, 0, 2000, 1999, 2000, 3000] {
            let next = generator.next(milliseconds: now, using: &random)
            #expect(next > last)
            #expect(next.milliseconds >= now)
            last = next
        }
        #expect(last.milliseconds == 3000)
    }

    @Test("two generators at the same moment do not meet")
    func distinct() {
        var random = SeededGenerator(seed: 1)
        var ids: Set<RunID> = []
        for _ in 0..<1000 {
            var generator = RunIDGenerator()
            ids.insert(generator.next(milliseconds: 1, using: &random))
        }
        #expect(ids.count == 1000)
    }
}
