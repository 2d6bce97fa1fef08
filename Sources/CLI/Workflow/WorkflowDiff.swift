import ArgumentParser
import Core
import FoundationEssentials

/// `saga workflow diff`.
struct WorkflowDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compares two definitions, from files or from the server.",
        discussion: """
            A file alone is compared with what is registered under its name and version, or with the latest version if that \
            one is not there. Order of members and layout don't count. Exit codes: 0 they are the same, 2 they differ, \
            1 one of them is not there, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions

    @Argument(help: "The one before: a file (*.json, *.yaml, *.yml, or with a slash), NAME, or NAME@VERSION.")
    var first: String

    @Argument(help: "The one after, likewise.")
    var second: String?

    func validate() throws {
        if second == nil, !Side(first).isFile {
            throw ValidationError("Name two versions (NAME@VERSION NAME@VERSION), or a file.")
        }
    }

    /// One of the two.
    enum Side {
        case file(String)
        case server(String)

        init(_ text: String) {
            let isFile = [".json", ".yaml", ".yml"].contains { text.hasSuffix($0) } || text.contains("/")
            self = isFile ? .file(text) : .server(text)
        }

        var isFile: Bool { if case .file = self { true } else { false } }

        func read(_ owner: OwnerOptions, _ client: APIClient) async throws -> (title: String, json: JSON) {
            switch self {
            case .file(let path):
                do throws(DocumentFile.Problem) {
                    var json = try DocumentFile(path: path).json
                    // It is for editors, and not kept.
                    if json["$schema"] != nil { json["$schema"] = nil }
                    return (path, json)
                } catch {
                    throw CLIError.unusable("\(path) can't be used: \(error.sentence)")
                }
            case .server(let text):
                guard let reference = WorkflowReference(text) else {
                    throw CLIError.unusable("\(text.clipped) is no NAME@VERSION")
                }
                let answer = try await reference.definition(owner, client)
                let title = "\(answer["name"]?.string ?? "?")@\(answer["version"]?.string ?? "?")"
                return (title, answer["definition"] ?? .null)
            }
        }
    }

    func run() async throws {
        let (before, after) = try await api.withClient { client in
            let one = try await Side(first).read(owner, client)
            if let second { return (one, try await Side(second).read(owner, client)) }
            return (try await registered(like: one.json, client), one)
        }
        let diff = DefinitionDiff(before.json, after.json)
        let paint = Paint(isOn: Console.isColoured)
        let head = [paint.bold("- \(before.title)"), paint.bold("+ \(after.title)")]
        let text = diff.isEmpty ? "\(before.title) and \(after.title) are the same" : nil
        switch output.output {
        case .text, .wide: Console.tell(text ?? (head + [diff.text(paint)]).joined(separator: "\n"))
        case .jsonl: for line in diff.json { Console.tell(line.text) }
        case .json:
            Console.tell(
                JSON.object([
                    "before": .string(before.title), "after": .string(after.title), "same": .bool(diff.isEmpty),
                    "changes": .array(diff.json),
                ]).text)
        }
        if !diff.isEmpty { throw ExitCode.unwell }
    }

    /// What is registered under a definition's name and version, or else the latest of that name.
    private func registered(like json: JSON, _ client: APIClient) async throws -> (title: String, json: JSON) {
        guard let name = json["name"]?.string else { throw CLIError.unusable("\(first) has no name") }
        do {
            let version = json["version"]?.string
            return try await Side.server(version.map { "\(name)@\($0)" } ?? name).read(owner, client)
        } catch CLIError.refused(status: 404, _) {
            return try await Side.server(name).read(owner, client)
        }
    }
}
