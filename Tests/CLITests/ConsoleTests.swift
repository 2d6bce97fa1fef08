import ArgumentParser
@testable import CLI
import Core
import Foundation
import Testing

@Suite("Tables fit where they are shown")
struct TableTests {
    private static var table: Table {
        var table = Table(columns: [
            .init(title: "ID"), .init(title: "NAME", shrinks: true), .init(title: "HOST", isWide: true),
            .init(title: "STATUS", paint: { "<\($1.red($0))>" }), .init(title: "WHY", shrinks: true),
        ])
        table.rows = [
            ["1", "a-name-of-twenty-two-c", "h", "ok", String(repeating: "x", count: 60)], ["22", "b", "", "gone", ""],
        ]
        return table
    }

    @Test("No line is longer than the terminal, as far as columns may be cut", arguments: [40, 60, 80, 120])
    func fits(width: Int) {
        let lines = Self.table.text(isWide: false, width: width, Paint(isOn: false)).split(separator: "\n")
        #expect(lines.count == 3)
        // Two signs around the status come with its paint.
        #expect(lines.allSatisfy { $0.filter { !"<>".contains($0) }.count <= width }, "\(lines)")
        #expect(lines[1].contains("…") == (width < 98))
    }

    @Test("Without a terminal nothing is cut; wide shows what else there is")
    func whole() {
        let plain = Self.table.text(isWide: false, width: nil, Paint(isOn: false))
        #expect(plain.contains(String(repeating: "x", count: 60)) && !plain.contains("HOST"))
        #expect(Self.table.text(isWide: true, width: nil, Paint(isOn: false)).contains("HOST"))
        #expect(plain.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test("Nothing in a cell can speak to the terminal or break the table")
    func hostile() {
        var table = Table(columns: [.init(title: "A"), .init(title: "B")])
        table.rows = [["\u{1B}[2J\n\tx", "y"]]
        let text = table.text(isWide: false, width: nil, Paint(isOn: false))
        #expect(!text.contains("\u{1B}") && text.split(separator: "\n").count == 2)
    }
}

@Suite("Mistyped verbs")
struct VerbTests {
    @Test(
        "What was probably meant is said",
        arguments: [
            (["rnu", "list"], "saga", "rnu", ["run"]), (["run", "lst"], "saga run", "lst", ["list"]),
            (["run", "stat", "w"], "saga run", "stat", ["start"]),
            (["workflow", "aply", "x"], "saga workflow", "aply", ["apply"]),
            (["workflow", "val"], "saga workflow", "val", ["validate"]),
            (["participnt"], "saga", "participnt", ["participant"]),
            (["help", "rnu"], "saga", "rnu", ["run"]), (["doctr"], "saga", "doctr", ["doctor"]),
            (["run", "RETRY"], "saga run", "RETRY", ["retry"]),
            (["xyzzy"], "saga", "xyzzy", []), (["run", "cancle"], "saga run", "cancle", ["cancel"]),
        ])
    func suggested(arguments: [String], parent: String, word: String, suggestions: [String]) throws {
        let unknown = try #require(Verbs.unknown(arguments, in: Saga.self))
        #expect(unknown.parent == parent && unknown.word == word)
        #expect(
            suggestions.isEmpty ? unknown.suggestions.isEmpty : unknown.suggestions.first == suggestions[0],
            "\(unknown)")
        #expect(unknown.sentence.contains(suggestions.first.map { "did you mean \($0)" } ?? "there are: "))
    }

    @Test(
        "What is right, an option or an argument is left to the parser",
        arguments: [
            ["run", "list"], ["run", "show", "x"], ["run", "follow", "x"], ["run", "start", "lst"], [], ["--help"],
            ["run", "--help"],
            ["help", "run", "list"], ["doctor", "extra"], ["--generate-completion-script", "bash"],
        ])
    func known(arguments: [String]) { #expect(Verbs.unknown(arguments, in: Saga.self) == nil) }

    @Test("Every verb of every group parses to its command, and prints help")
    func tree() throws {
        func walk(_ command: any ParsableCommand.Type, _ path: [String]) {
            let help = Saga.helpMessage(for: command, columns: 100)
            #expect(help.contains("OVERVIEW: "), "\(path)")
            #expect(command.configuration.abstract.hasSuffix("."), "\(path)")
            for child in command.configuration.subcommands { walk(child, path + [child._commandName]) }
        }
        walk(Saga.self, [])
        for shell in [CompletionShell.bash, .zsh, .fish] {
            #expect(Saga.completionScript(for: shell).contains("participant"))
        }
    }
}

@Suite("Profiles")
struct ProfileTests {
    private static let text = #"""
        {"profiles": {"default": {"url": "http://a:1/", "token": "default-token"},
                      "prod": {"url": "https://b", "token": "prod-token"}, "bare": {"token": "bare-token"}}}
        """#

    private static func endpoint(
        url: String? = nil, profile: String? = nil, _ environment: [String: String] = [:], file: String = text
    ) throws -> Endpoint {
        try Folder.with { folder in
            let path = try folder.file("config", file)
            #expect(chmod(path, 0o600) == 0)
            return try Endpoint(
                url: url, profile: profile, environment: ["SAGAFLOW_PROFILES": path].merging(environment) { $1 })
        }
    }

    @Test("A flag comes before a profile that is named, the environment, and the default profile")
    func order() throws {
        let variable = ["SAGAFLOW_URL": "http://env"]
        for (endpoint, url, token) in [
            (try Self.endpoint(), "http://a:1", "default-token"),
            (try Self.endpoint(variable), "http://env", nil),
            (try Self.endpoint(url: "http://flag"), "http://flag", nil),
            (try Self.endpoint(profile: "prod", variable), "https://b", "prod-token"),
            (try Self.endpoint(url: "http://flag", profile: "prod"), "http://flag", nil),
            (try Self.endpoint(["SAGAFLOW_PROFILE": "prod"]), "https://b", "prod-token"),
            (try Self.endpoint(["SAGAFLOW_PROFILE": "prod", "SAGAFLOW_URL": "http://env"]), "http://env", nil),
            (try Self.endpoint(url: "http://a:1"), "http://a:1", "default-token"),
            (try Self.endpoint(profile: "bare"), "http://127.0.0.1:3000", "bare-token"),
            (try Self.endpoint(profile: "bare", variable), "http://env", nil),
        ] as [(Endpoint, String, String?)] {
            #expect(endpoint.url == url)
            #expect(try endpoint.token?.text() == token, "a token goes to no URL but its own: \(url)")
        }
    }

    @Test("A file may be YAML, and a token in a file of its own")
    func yaml() throws {
        try Folder.with { folder in
            let token = try folder.file("token", " secret\n")
            let endpoint = try Self.endpoint(
                file: "profiles:\n  default:\n    url: http://y # mine\n    tokenFile: \(token)\n")
            #expect(try endpoint.url == "http://y" && endpoint.token?.text() == "secret")
        }
    }

    @Test("Without a file there is no profile, unless somebody asks for one")
    func missing() throws {
        let none = ["HOME": "/no/such/home"]
        #expect(try Endpoint(url: nil, profile: nil, environment: none).url == Endpoint.defaultURL)
        #expect(throws: CLIError.self) { try Endpoint(url: nil, profile: "x", environment: none) }
        #expect(throws: CLIError.self) {
            try Endpoint(url: nil, profile: nil, environment: none.merging(["SAGAFLOW_PROFILE": "x"]) { $1 })
        }
        #expect(throws: CLIError.self) {
            try Endpoint(url: nil, profile: nil, environment: ["SAGAFLOW_PROFILES": "/none"])
        }
        #expect(throws: CLIError.self) { try Self.endpoint(profile: "unknown") }
    }

    @Test(
        "A file that can't be understood is refused, and no token is told",
        arguments: [
            "canary", "{\"profiles\": []}", "{\"profiles\": {\"default\": {\"token\": 7}}}", "{\"url\": \"canary\"}",
            "{\"profiles\": {\"default\": {\"url\": \"ftp://canary\"}}}",
            "{\"profiles\": {\"default\": {\"tokens\": \"canary\"}}}",
            "{\"profiles\": {\"default\": {\"token\": \"canary\", \"tokenFile\": \"canary\"}}}",
            "profiles: {default: {token: &canary x}}",
            "{\"profiles\": {\"default\": {\"token\": \"canary\"",
        ])
    func refused(text: String) {
        #expect {
            try Self.endpoint(file: text)
        } throws: { ($0 as? CLIError).map { !$0.description.contains("canary") } ?? false }
    }

    @Test("A token that others may read is refused, a token's file and a URL are not")
    func permissions() throws {
        func read(_ text: String) throws -> Profile? {
            try Profile.read(Array(text.utf8), path: "config", name: nil, isPrivate: false)
        }
        #expect(throws: CLIError.self) { try read(Self.text) }
        #expect(try read("profiles: {default: {url: 'http://x', tokenFile: /t}}")?.token == .file("/t"))
    }
}
