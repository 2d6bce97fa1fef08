import ArgumentParser
import Core

/// `saga workflow apply`.
struct WorkflowApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Registers definitions with a running API.",
        discussion: """
            All files are checked first, and when one is refused nothing is sent. The same content again changes nothing; \
            other content needs a new version. Exit codes: 0 all are registered, 1 some are refused, 64 wrong usage, \
            69 the API can't be reached.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions
    @OptionGroup var files: DefinitionFiles

    @Flag(help: "Only ask the API what it would say, with what a person might have overlooked. Writes nothing.")
    var dryRun = false

    @Flag(help: "Refuse definitions with warnings, too: what their authors may not have meant.")
    var strict = false

    @Flag(
        help: """
            A version that is registered with other content gets the next patch number that is free, or has this content: for \
            trying things out, as saga dev does.
            """)
    var nextPatch = false

    func validate() throws {
        if dryRun, nextPatch { throw ValidationError("--dry-run and --next-patch don't go together.") }
    }

    func run() async throws {
        let checked = try files.read()
        let paint = Paint(isOn: Console.isColoured)
        let refused = checked.filter { $0.definition == nil }
        guard refused.isEmpty else {
            for file in refused { Console.complain(WorkflowValidate.text(file, paint)) }
            Console.complain("saga: nothing was sent")
            throw ExitCode.failure
        }
        let results = try await api.withClient(token: try admin.token(api)) { client in
            var results: [Applied] = []
            for file in checked { results.append(try await apply(file, client)) }
            return results
        }
        switch output.output {
        case .text, .wide: for result in results { Console.tell(result.text(paint)) }
        case .jsonl: for result in results { Console.tell(result.json.text) }
        case .json: Console.tell(JSON.object(["workflows": .array(results.map(\.json))]).text)
        }
        if results.contains(where: { $0.result == .refused }) { throw ExitCode.failure }
    }

    private func apply(_ file: CheckedFile, _ client: APIClient) async throws -> Applied {
        guard let document = file.document, let definition = file.definition else {
            preconditionFailure("what is refused is not sent")
        }
        var json = document.json
        var applied = try await apply(json, definition.version.description, file, client)
        let version = definition.version
        var patch = version.patch
        while nextPatch, applied.isTaken, version.isRelease, patch < version.patch + Self.maxPatches {
            patch += 1
            let next = "\(version.major).\(version.minor).\(patch)"
            json["version"] = .string(next)
            applied = try await apply(json, next, file, client)
        }
        return applied
    }

    /// Versions that `--next-patch` looks at at most.
    private static let maxPatches: UInt64 = 1000

    private func apply(
        _ json: JSON, _ version: String, _ file: CheckedFile, _ client: APIClient
    ) async throws -> Applied {
        var applied = Applied(
            path: file.path, name: file.definition?.name ?? "", version: version, result: .refused)
        do {
            let query = Paging.text([("strict", strict ? "true" : nil)] + owner.query)
            let path = "/v1/admin/workflows" + (dryRun ? "/validate" : "") + query
            let answer = try await client.patiently(.post, path, json)
            if dryRun {
                applied.result = answer.json["registered"] == true ? .unchanged : .valid
                applied.faults = file.faults(["errors": answer.json["findings"] ?? []])
            } else {
                applied.result = answer.status == 201 ? .created : .unchanged
            }
        } catch CLIError.refused(let status, let problem) where [400, 409, 413, 422].contains(status) {
            applied.isTaken = status == 409
            applied.reason = problem["detail"]?.string ?? problem["title"]?.string ?? "refused with \(status)"
            applied.faults = file.faults(problem)
        }
        return applied
    }
}

/// What became of one file.
struct Applied {
    /// In one word.
    enum Result: String {
        case created, unchanged, refused
        /// Only tried out.
        case valid
    }

    let path: String
    let name: String
    let version: String
    var result: Result
    /// Why it is refused.
    var reason: String?
    /// Its version is registered with other content.
    var isTaken = false
    /// What is wrong with it, or might be.
    var faults: [CheckedFile.Fault] = []

    func text(_ paint: Paint) -> String {
        let word = result.rawValue.left(10)
        let painted =
            switch result {
            case .created, .valid: paint.green(word)
            case .unchanged: paint.dim(word)
            case .refused: paint.red(word)
            }
        let head = "\(painted) \(name) \(version)  (\(path))" + (reason.map { ": \($0)" } ?? "")
        return ([head] + CheckedFile.lines(faults)).joined(separator: "\n")
    }

    /// `{file, name, version, result, reason, errors: [{pointer, detail, line, column}]}`.
    var json: JSON {
        [
            "file": .string(path), "name": .string(name), "version": .string(version),
            "result": .string(result.rawValue), "reason": JSON(reason), "errors": .array(faults.map(\.json)),
        ]
    }
}
