import ArgumentParser
import Core
import Documents

/// `saga workflow`: definitions, in files and on the server.
struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow",
        abstract: "Checks, registers, shows, compares, pauses and deprecates workflow definitions.",
        subcommands: [
            WorkflowValidate.self, WorkflowTest.self, WorkflowApply.self, WorkflowList.self, WorkflowShow.self,
            WorkflowDiff.self,
            WorkflowDeprecate.self, WorkflowPause.self, WorkflowResume.self, WorkflowInit.self,
        ])
}

/// The files a command is about.
struct DefinitionFiles: ParsableArguments {
    @Argument(help: "Files (*.json, *.yaml, *.yml), folders of them, or - for standard input.")
    var files: [String]

    func validate() throws {
        if files.isEmpty { throw ValidationError("Name a file.") }
    }

    /// Each file, read and checked.
    ///
    /// - Throws: `CLIError.unusable` for a folder without definitions.
    func read() throws(CLIError) -> [CheckedFile] {
        var checked: [CheckedFile] = []
        for name in files {
            let paths = DocumentFile.list(name)
            if paths.isEmpty { throw .unusable("there are no definitions (*.json, *.yaml, *.yml) in \(name)") }
            checked += paths.map { CheckedFile(path: $0) }
        }
        return checked
    }
}

/// A file that was checked as the API would check it, without one.
struct CheckedFile {
    /// What is wrong with one place.
    struct Fault {
        /// Where that is in the text, if that is known.
        let at: (line: Int, column: Int)?
        let pointer: String
        let detail: String

        /// `{pointer, detail, line, column}`.
        var json: JSON {
            [
                "pointer": .string(pointer), "detail": .string(detail), "line": at.map { JSON($0.line) } ?? .null,
                "column": at.map { JSON($0.column) } ?? .null,
            ]
        }
    }

    let path: String
    /// Nil for a file that is neither JSON nor YAML.
    let document: DocumentFile?
    /// Nil when it is refused.
    let definition: WorkflowDefinition?
    let faults: [Fault]

    init(path: String) {
        let read: Result<DocumentFile, DocumentFile.Problem>
        do throws(DocumentFile.Problem) { read = .success(try DocumentFile(path: path)) } catch {
            read = .failure(error)
        }
        switch read {
        case .success(let document): self.init(document)
        case .failure(let problem): self.init(path: path, problem)
        }
    }

    private init(path: String, _ problem: DocumentFile.Problem) {
        self.path = path
        (document, definition) = (nil, nil)
        faults = [
            Fault(
                at: problem.place.map { ($0.line, $0.column) }, pointer: problem.pointer.description,
                detail: problem.detail)
        ]
    }

    init(_ document: DocumentFile) {
        path = document.path
        self.document = document
        do throws(DefinitionErrors) {
            definition = try WorkflowDefinition(document.json)
            faults = []
        } catch {
            definition = nil
            faults = error.errors.map { Self.fault($0.pointer, $0.detail, in: document) }
        }
    }

    /// What its author may not have meant, as far as that is known without a server.
    var findings: [Core.Finding] { definition?.findings() ?? [] }

    /// What an API found wrong with it.
    func faults(_ problem: JSON) -> [Fault] {
        (problem["errors"]?.array ?? []).map { error in
            let pointer = JSONPointer(text: error["pointer"]?.string ?? "")
            let detail = error["detail"]?.string ?? ""
            return document.map { Self.fault(pointer, detail, in: $0) }
                ?? Fault(at: nil, pointer: pointer.description, detail: detail)
        }
    }

    private static func fault(_ pointer: JSONPointer, _ detail: String, in document: DocumentFile) -> Fault {
        Fault(
            at: document.place(of: pointer).map { ($0.line, $0.column) }, pointer: pointer.description, detail: detail)
    }

    /// A line for each fault.
    static func lines(_ faults: [Fault]) -> [String] {
        let places = faults.map { fault in fault.at.map { "\($0.line):\($0.column)" } ?? "" }
        let width = places.map(\.count).max() ?? 0
        return zip(faults, places).map { fault, place in
            let pointer = fault.pointer.isEmpty ? "" : fault.pointer.clipped + ": "
            return "  " + place.left(width) + (width > 0 ? "  " : "") + pointer + fault.detail
        }
    }
}

extension JSONPointer {
    /// From its text: `~1` is `/`, `~0` is `~`.
    init(text: String) {
        let tokens = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        self.init(tokens.map { String($0.replacing("~1", with: "/").replacing("~0", with: "~")) })
    }
}
