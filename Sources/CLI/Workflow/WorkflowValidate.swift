import ArgumentParser
import Core

/// `saga workflow validate`.
struct WorkflowValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks definitions in files; needs no server.",
        discussion: """
            Every problem is told with its line and column and with the JSON pointer that the API tells. Exit codes: 0 all \
            are valid, 1 some are not, 64 wrong usage.
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var files: DefinitionFiles

    @Flag(help: "Refuse definitions with warnings, too: what their authors may not have meant.")
    var strict = false

    func run() async throws {
        let checked = try files.read()
        let paint = Paint(isOn: Console.isColoured)
        switch output.output {
        case .text, .wide: for file in checked { Console.tell(Self.text(file, paint)) }
        case .jsonl: for file in checked { Console.tell(Self.json(file).text) }
        case .json:
            let refused = checked.count { $0.definition == nil }
            Console.tell(
                JSON.object([
                    "files": .array(checked.map(Self.json)), "valid": JSON(checked.count - refused),
                    "refused": JSON(refused),
                ]).text)
        }
        if checked.contains(where: { $0.definition == nil }) { throw ExitCode.failure }
        let refusing: Set<Core.Finding.Severity> = strict ? [.error, .warning] : [.error]
        if checked.contains(where: { $0.findings.contains { refusing.contains($0.severity) } }) {
            throw ExitCode.failure
        }
    }

    static func text(_ file: CheckedFile, _ paint: Paint) -> String {
        guard let definition = file.definition else {
            return ([paint.red("refused") + "  " + file.path] + CheckedFile.lines(file.faults)).joined(separator: "\n")
        }
        let steps = definition.steps.count
        let head =
            paint.green("valid") + "    \(file.path)  \(definition.name) \(definition.version), \(steps) "
            + (steps == 1 ? "step" : "steps")
        let findings = file.findings.map { finding in
            let word =
                switch finding.severity {
                case .error: paint.red("error  ")
                case .warning: paint.yellow("warning")
                case .note: paint.dim("note   ")
                }
            return "  \(word)  \(finding.pointer.description.clipped): \(finding.detail)"
        }
        return ([head] + findings).joined(separator: "\n")
    }

    /// `{file, valid, name, version, steps, errors: [{pointer, detail, line, column}], findings: [{rule, severity, pointer, detail}]}`.
    private static func json(_ file: CheckedFile) -> JSON {
        [
            "file": .string(file.path), "valid": .bool(file.definition != nil), "name": JSON(file.definition?.name),
            "version": JSON(file.definition?.version.description),
            "steps": file.definition.map { .array($0.steps.map { .string($0.id) }) } ?? .null,
            "errors": .array(file.faults.map(\.json)), "findings": .array(file.findings.map(\.json)),
        ]
    }
}
