import ArgumentParser
@testable import CLI
import Core
import Foundation
import Testing

/// What `--help` says of every verb is what docs/cli.md says.
///
/// After a change, `SAGAFLOW_UPDATE_DOCS=1 swift test --filter CommandDocumentTests` writes it anew.
@Suite("Every verb is documented, and nothing else")
struct CommandDocumentTests {
    private static let updates = ProcessInfo.processInfo.environment["SAGAFLOW_UPDATE_DOCS"] != nil
    private static let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../docs/cli.md").standardized
    private static let marks = ("<!-- verbs: made from --help -->\n", "<!-- end of verbs -->")

    @Test("docs/cli.md has what the parser knows of all verbs and their options")
    func verbs() throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        let first = try #require(text.firstRange(of: Self.marks.0))
        let last = try #require(text.firstRange(of: Self.marks.1))
        let commands = try Self.commands()
        #expect(commands.count >= 30)
        let expected = Self.document(commands)
        if Self.updates {
            let new = text[..<first.upperBound] + expected + text[last.lowerBound...]
            try Data(new.utf8).write(to: Self.file)
        } else {
            #expect(String(text[first.upperBound..<last.lowerBound]) == expected)
        }
    }

    @Test("The table at the top of docs/cli.md names every verb")
    func table() throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        let end = try #require(text.firstRange(of: "\n## "))
        let head = text[..<end.lowerBound]
        for command in try Self.commands() {
            let words = command.path.split(separator: " ")
            // Groups have one row, with the names of all verbs.
            #expect(head.contains("`saga \(words[1])"), "\(command.path)")
            #expect(words.count < 3 || head.contains("`\(words[2])") || head.contains(command.path), "\(command.path)")
        }
    }

    // MARK: What the parser knows

    private struct Argument: Hashable {
        /// As it is written: `--limit <limit>`, `<run-id>`.
        let name: String
        let help: String

        init(_ json: JSON) {
            let value = json["valueName"]?.string ?? ""
            let names = (json["names"]?.array ?? []).map { name in
                (name["kind"]?.string == "short" ? "-" : "--") + (name["name"]?.string ?? "")
            }
            switch json["kind"]?.string {
            case "positional": name = "<\(value)>"
            case "flag": name = names.joined(separator: ", ")
            default: name = names.joined(separator: ", ") + " <\(value)>"
            }
            let fallback = json["defaultValue"]?.string.map { " (default: `\($0)`)" } ?? ""
            let must = json["isOptional"] == false && json["kind"]?.string != "flag" && fallback.isEmpty
            help = (json["abstract"]?.string ?? "") + fallback + (must ? " Required." : "")
        }

        var row: String { "| `\(name)` | \(help.replacing("|", with: "\\|").replacing("\n", with: " ")) |\n" }
    }

    private struct Command {
        let path: String
        let aliases: [String]
        let abstract: String
        let discussion: String
        let arguments: [Argument]
    }

    /// All verbs that can be run, groups left out, in the order of the help.
    private static func commands() throws -> [Command] {
        let json = try JSON(parsing: Saga._dumpHelp())
        var commands: [Command] = []
        func walk(_ json: JSON, _ parents: String) {
            guard let name = json["commandName"]?.string, name != "help", json["shouldDisplay"] != false else { return }
            let path = parents.isEmpty ? name : "\(parents) \(name)"
            let children = (json["subcommands"]?.array ?? []).filter { $0["commandName"] != "help" }
            if !children.isEmpty { return children.forEach { walk($0, path) } }
            let shown = (json["arguments"]?.array ?? []).filter { $0["shouldDisplay"] != false }
            commands.append(
                Command(
                    path: path, aliases: json["aliases"]?.array?.compactMap(\.string) ?? [],
                    abstract: json["abstract"]?.string ?? "", discussion: json["discussion"]?.string ?? "",
                    arguments: shown.map(Argument.init).filter { !["-h, --help", "--version"].contains($0.name) }))
        }
        walk(json["command"] ?? .null, "")
        return commands
    }

    /// Options that many verbs have are told once.
    private static func document(_ commands: [Command]) -> String {
        let all = commands.flatMap(\.arguments)
        let common = all.reduce(into: [Argument]()) { common, argument in
            if all.count(where: { $0 == argument }) >= 8, !common.contains(argument) { common.append(argument) }
        }
        let head = "| | |\n|---|---|\n"
        var text = "\nOptions of many verbs:\n\n" + head + common.map(\.row).joined()
        for command in commands {
            text += "\n### \(command.path)\n\n\(command.abstract)"
            if !command.aliases.isEmpty {
                text += " Also: " + command.aliases.map { "`\($0)`" }.joined(separator: ", ") + "."
            }
            if !command.discussion.isEmpty { text += "\n\n\(command.discussion)" }
            let (shared, own) = (
                command.arguments.filter(common.contains), command.arguments.filter { !common.contains($0) }
            )
            if !own.isEmpty { text += "\n\n" + head + own.map(\.row).joined().dropLast() }
            if !shared.isEmpty {
                let names = shared.map { "`\($0.name.split(separator: " ").first ?? "")`" }
                text += "\n\nAnd " + names.joined(separator: ", ").replacing(",`", with: "`") + "."
            }
            text += "\n"
        }
        return text + "\n"
    }
}
