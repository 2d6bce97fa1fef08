import ArgumentParser
import Core

/// `saga workflow deprecate`.
struct WorkflowDeprecate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deprecate", abstract: "Keeps starts without a version from taking one.",
        discussion: """
            Runs under way don't notice, and a start that names the version still works. Exit codes: 0, 1 there is no such \
            version, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions

    @Argument(help: "NAME@VERSION.")
    var workflow: String

    @Option(help: "Shown to whoever looks at the version.")
    var reason: String?

    @Flag(help: "Take it back.")
    var undo = false

    func validate() throws {
        guard WorkflowReference(workflow)?.version != nil else { throw ValidationError("Write NAME@VERSION.") }
        if undo, reason != nil { throw ValidationError("Give --reason or --undo, not both.") }
    }

    func run() async throws {
        guard let reference = WorkflowReference(workflow), let version = reference.version else { return }
        let path = "/v1/admin/workflows/\(reference.name.pathSegment)/\(version.pathSegment)/deprecation\(owner.text)"
        let answer = try await api.withClient(token: try admin.token(api)) { client in
            if undo { return try await client.patiently(.delete, path).json }
            return try await client.patiently(.put, path, reason.map { ["reason": .string($0)] } ?? [:]).json
        }
        let taken: JSON = [
            "name": .string(reference.name), "version": .string(version), "deprecation": .null,
        ]
        output.show(
            text: undo ? "\(workflow) is not deprecated any more" : "\(workflow) is deprecated",
            json: undo ? taken : answer)
    }
}
