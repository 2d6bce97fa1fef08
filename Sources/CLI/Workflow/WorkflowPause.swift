import ArgumentParser
import Core

/// `saga workflow pause`.
struct WorkflowPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Keeps runs of a workflow from beginning until it is resumed.",
        discussion: """
            For all its versions. Starts are accepted and wait, or with --starts refuse are refused; runs that were \
            accepted before go on. Paused again it takes what is new. Exit codes: 0, 1 there is none of that name, 64 wrong \
            usage, 69.
            """)

    /// What becomes of starts meanwhile.
    enum Starts: String, ExpressibleByArgument, CaseIterable {
        case wait
        case refuse
    }

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions

    @Argument(help: "The workflow's name.")
    var workflow: String

    @Option(help: "Shown to whoever looks at the workflow, and to whoever is refused.")
    var reason: String

    @Option(help: "What becomes of starts meanwhile: wait or refuse.")
    var starts = Starts.wait

    func validate() throws { try WorkflowReference.requireName(workflow) }

    func run() async throws {
        let body: JSON = ["reason": .string(reason), "starts": .string(starts.rawValue)]
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/workflows/\(workflow.pathSegment)/pause\(owner.text)", body).json
        }
        output.show(
            text: "\(workflow) is paused: its starts \(starts == .wait ? "wait" : "are refused")", json: answer)
    }
}

/// `saga workflow resume`.
struct WorkflowResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Has runs of a workflow begin again, and those that waited first.",
        discussion: """
            One that is not paused stays as it is. Exit codes: 0, 1 there is none of that name, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions

    @Argument(help: "The workflow's name.")
    var workflow: String

    @Option(help: "Kept with who did it, and told by the runs that waited.")
    var reason: String?

    func validate() throws { try WorkflowReference.requireName(workflow) }

    func run() async throws {
        let body: JSON = reason.map { ["reason": .string($0)] } ?? [:]
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/workflows/\(workflow.pathSegment)/resume\(owner.text)", body).json
        }
        let waited = answer["resumedRuns"]?.int ?? 0
        output.show(
            text: "\(workflow) begins again" + (waited > 0 ? ", with \(waited) runs that waited" : ""), json: answer)
    }
}

extension WorkflowReference {
    /// A pause is of all versions.
    static func requireName(_ text: String) throws {
        guard let reference = WorkflowReference(text), reference.version == nil else {
            throw ValidationError("Write the NAME of a workflow; a pause is of all its versions.")
        }
    }
}
