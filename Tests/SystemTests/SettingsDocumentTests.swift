import Foundation
import Testing

/// What `--help` says is what `.env.example` and docs/configuration.md say: both are made of it.
///
/// After a change, `SAGAFLOW_UPDATE_DOCS=1 swift test --filter SettingsDocumentTests` writes them anew.
@Suite("Every setting is documented, and nothing else")
struct SettingsDocumentTests {
    private struct Setting {
        let group: String
        let flag: String
        let help: String
        let fallback: String?
        let variable: String
        var programs: [String]
    }

    @Test("docs/configuration.md has the table that --help of both programs makes")
    func table() async throws {
        let file = Self.root.appending(path: "docs/configuration.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let (begin, end) = ("<!-- settings: made from --help -->\n", "<!-- end of settings -->")
        let first = try #require(text.firstRange(of: begin))
        let last = try #require(text.firstRange(of: end))
        let expected = try await Self.settings().table
        if Self.updates {
            let new = text[..<first.upperBound] + expected + text[last.lowerBound...]
            try Data(new.utf8).write(to: file)
        } else {
            #expect(String(text[first.upperBound..<last.lowerBound]) == expected)
        }
    }

    @Test(".env.example has every variable with its help and default")
    func example() async throws {
        let file = Self.root.appending(path: ".env.example")
        let expected = Self.preamble + (try await Self.settings().example)
        if Self.updates { return try Data(expected.utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == expected)
    }

    @Test("Both programs tell of every setting also when nothing is set, and of more than a few")
    func complete() async throws {
        let settings = try await Self.settings()
        #expect(settings.all.count { $0.programs.contains("api") } >= 20)
        #expect(settings.all.count { $0.programs.contains("engine") } >= 13)
        // The last of each: nothing has kept --help from reaching it.
        for variable in ["LOG_LEVEL", "SAGAFLOW_CONFIG", "SECRETS_DIR", "DATABASE_URL"] {
            #expect(settings.all.contains { $0.variable == variable && $0.programs == ["api", "engine"] })
        }
    }

    private static let updates = ProcessInfo.processInfo.environment["SAGAFLOW_UPDATE_DOCS"] != nil
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let preamble = """
        # Every setting of sagaflow-api and sagaflow-engine as an environment variable, with its default. Uncomment what
        # should differ. Each may also come as VARIABLE_FILE=path, from a folder of secrets or from a YAML file:
        # docs/configuration.md. This file is made from --help.

        """

    // MARK: Reading --help

    private struct Settings {
        private(set) var all: [Setting] = []
        private var groups: [String] { all.map(\.group).reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }

        /// Both programs have some in common: one entry, unless they say different things.
        mutating func add(_ setting: Setting) {
            let same = all.firstIndex {
                $0.variable == setting.variable && $0.help == setting.help && $0.fallback == setting.fallback
            }
            if let same { all[same].programs += setting.programs } else { all.append(setting) }
        }

        var table: String {
            let head = "| variable | option | default | program | |\n|---|---|---|---|---|\n"
            return groups.map { group in
                let rows = all.filter { $0.group == group }.map { setting in
                    let cells = [
                        "`\(setting.variable)`", "`\(setting.flag)`", setting.fallback.map { "`\($0)`" } ?? "",
                        setting.programs.joined(separator: ", "), setting.help,
                    ]
                    return "| " + cells.joined(separator: " | ") + " |\n"
                }
                return "\n### \(group)\n\n" + head + rows.joined()
            }.joined() + "\n"
        }

        var example: String {
            groups.map { group in
                let entries = all.filter { $0.group == group }.map { setting in
                    "# \(setting.help) (\(setting.programs.joined(separator: ", ")))\n"
                        + "#\(setting.variable)=\(setting.fallback ?? "")\n"
                }
                return "\n# --- \(group)\n\n" + entries.joined(separator: "\n")
            }.joined()
        }
    }

    private static func settings() async throws -> Settings {
        var settings = Settings()
        for program in ["api", "engine"] {
            let help = try await Tool("sagaflow-\(program)", environment: ["DATABASE_URL": ""]).run(["--help"])
            try #require(help.exitCode == 0, "\(help.errors)")
            var group = ""
            for line in help.output.split(separator: "\n") {
                if let title = line.wholeMatch(of: /([A-Z].*):/)?.output.1 { group = String(title) }
                guard let match = line.wholeMatch(of: /\ \ (--[a-z-]+) +(.*?)(?: \(default (.*)\))? \[([A-Z0-9_]+)\]/)
                else { continue }
                let (_, flag, help, fallback, variable) = match.output
                settings.add(
                    Setting(
                        group: group, flag: String(flag), help: String(help), fallback: fallback.map(String.init),
                        variable: String(variable), programs: [program]))
            }
        }
        return settings
    }
}
