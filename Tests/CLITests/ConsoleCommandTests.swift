import ArgumentParser
@testable import CLI
import Testing

import enum Console.FirstStart

/// What the console's first page tells people to type is what this program understands.
@Suite struct ConsoleCommandTests {
    /// The words of a line, as a shell takes them apart: quotes hold blanks together, and nothing else is special in these.
    private static func words(_ line: Substring) -> [String] {
        var (words, word, isQuoted) = ([String](), "", false)
        for character in line {
            switch character {
            case "'": isQuoted.toggle()
            case " " where !isQuoted:
                words.append(word)
                word = ""
            default: word.append(character)
            }
        }
        return words + [word]
    }

    @Test func `Every command of the console's first page is one that saga knows`() throws {
        let texts = FirstStart.steps(origin: "http://localhost:3000").map(\.commands) + [FirstStart.demo]
        var count = 0
        for line in texts.flatMap({ $0.split(separator: "\n") }) where line.hasPrefix("saga ") {
            #expect(throws: Never.self, "\(line)") { _ = try Saga.parseAsRoot(Array(Self.words(line).dropFirst())) }
            count += 1
        }
        #expect(count == 6)
        #expect(throws: (any Error).self) { _ = try Saga.parseAsRoot(Self.words("workflow register my-order.yaml")) }
    }

    @Test func `The services that it registers are those that the definition it writes calls`() throws {
        let commands = FirstStart.steps(origin: "x").map(\.commands).joined(separator: "\n")
        let skeleton = Skeleton.text(name: "my-order")
        for name in ["payments", "inventory"] {
            #expect(commands.contains("participant set \(name) "))
            #expect(skeleton.contains("participant: \(name)"))
        }
        #expect(
            skeleton.matches(of: /participant: (\w+)/).allSatisfy {
                commands.contains("participant set \($0.output.1) ")
            })
        #expect(commands.contains("my-order.yaml") && commands.contains("run start my-order"))
    }
}
