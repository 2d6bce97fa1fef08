import ArgumentParser
import Core
import FoundationEssentials
import Rehearsal

/// `saga workflow test`.
struct WorkflowTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Plays cases of a definition, and every combination of answers; needs no server.",
        discussion: """
            Each case has an input, the answers that participants give, and what is expected of the run: \
            {"cases": [{"name", "input", "context", "answers": {"charge": [503, {"body": {"id": 1}}], \
            "charge:compensate": ["timeout"]}, "cancelAfter", "expect": {"status", "cause", "calls", "undone", "output", "error", \
            "requests", "takes"}}]}. An answer is a status, "timeout", "refused", "lost" (the engine dies), or an object with \
            status, body, headers, retryAfter and after; what is not named is answered 200 without a body. Cases are beside the \
            definition, in order.cases.json (or .yaml) for order.json, or where --cases says. Time is skipped. Exit codes: 0 all is as \
            expected, 1 it is not, or the definition is refused, 64 wrong usage, or cases that can't be used.
            """)

    @OptionGroup var output: OutputOptions

    @Argument(help: "The definition (*.json, *.yaml, *.yml).")
    var file: String

    @Option(help: "The file of its cases.")
    var cases: String?

    @Flag(
        help: """
            Play every combination of answers, too: print the shortest history for each kind of end, and for each that leaves \
            something undone.
            """)
    var explore = false

    @Option(
        help: "The input to explore with, JSON or @FILE (default: that of the first case, else the first example).",
        transform: JSONArgument.init)
    var input: JSONArgument?

    @Option(help: "States of a run to explore at most.")
    var limit = Exploration.defaultLimit

    @Option(help: "Write the results there as JUnit's XML, too; - for standard output instead of text.")
    var junit: String?

    func validate() throws {
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit lies within 1...1000000.") }
    }

    func run() async throws {
        let checked = CheckedFile(path: file)
        guard let definition = checked.definition else {
            Console.complain(WorkflowValidate.text(checked, Paint(isOn: Console.isColoured)))
            throw ExitCode.failure
        }
        let given = try readCases(of: definition)
        if given.isEmpty, !explore {
            throw CLIError.unusable("there are no cases beside \(file), and --explore is not given")
        }
        var report = RehearsalReport("\(definition.name) \(definition.version)")
        for test in given { report.play(test) }
        if explore {
            let answers = given.reduce(into: [String: [Response]]()) { $0.merge($1.responses) { $0 + $1 } }
            let input = input?.json ?? given.first?.input ?? definition.contract.examples.first
            let signals = given.reduce(into: [String: [JSON]]()) { $0.merge($1.payloads) { $0 + $1 } }
            let outputs = given.reduce(into: [String: [JSON]]()) { $0.merge($1.outputs) { $0 + $1 } }
            report.add(
                Exploration(
                    definition, input: input ?? .object(JSONObject()), answers: answers, signals: signals,
                    outputs: outputs, limit: limit))
        }
        if let junit, junit != "-" {
            guard FileManager.default.createFile(atPath: junit, contents: Data((report.junit + "\n").utf8)) else {
                throw CLIError.unusable("\(junit) can't be written")
            }
        }
        if junit == "-" { Console.tell(report.junit) } else { output.show(text: report.text, json: report.json) }
        if report.hasFailed { throw ExitCode.failure }
    }

    private func readCases(of definition: WorkflowDefinition) throws(CLIError) -> [TestCase] {
        guard let path = casesPath else { return [] }
        let document: DocumentFile
        do throws(DocumentFile.Problem) { document = try DocumentFile(path: path) } catch {
            throw .unusable("\(path) can't be used: \(error.sentence)")
        }
        do throws(CaseError) {
            return try TestCase.all(
                document.json["cases"] ?? document.json, of: definition,
                at: document.json["cases"] == nil ? .root : JSONPointer(["cases"]))
        } catch {
            let place = document.place(of: error.pointer).map { "\($0): " } ?? ""
            throw .unusable("\(path) can't be used: \(place)\(error)")
        }
    }

    /// The file that was named, or the one beside the definition that is there.
    private var casesPath: String? {
        if let cases { return cases }
        guard let dot = file.lastIndex(of: "."), dot > (file.lastIndex(of: "/") ?? file.startIndex) else { return nil }
        return ["json", "yaml", "yml"].map { "\(file[..<dot]).cases.\($0)" }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }
}
