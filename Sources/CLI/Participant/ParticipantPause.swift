import ArgumentParser
import Core

/// `saga participant pause`.
struct ParticipantPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Keeps engines from calling a participant until it is resumed.",
        discussion: """
            Calls in flight finish; others wait, and none of their attempts is used up. The time of their runs goes on. \
            Paused again it takes the new reason. Exit codes: 0, 1 there is none of that name, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    @Option(help: "Shown to whoever looks at the participant.")
    var reason: String

    func run() async throws {
        let body: JSON = ["reason": .string(reason)]
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, argument.path("/pause"), body).json
        }
        output.show(text: "\(argument.name) is paused: no calls until it is resumed", json: answer)
    }
}

/// `saga participant resume`.
struct ParticipantResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Has engines call a participant again.",
        discussion: """
            One that is not paused stays as it is. Exit codes: 0, 1 there is none of that name, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    @Option(help: "Kept with who did it.")
    var reason: String?

    func run() async throws {
        let body: JSON = reason.map { ["reason": .string($0)] } ?? [:]
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, argument.path("/resume"), body).json
        }
        output.show(text: "\(argument.name) is called again", json: answer)
    }
}

/// How a pause reads.
enum PauseText {
    /// From `{since, by, reason}`; nil when there is none.
    static func of(_ pause: JSON?) -> String? {
        guard let pause, !pause.isNull else { return nil }
        let (since, by) = (pause["since"]?.string ?? "", pause["by"]?.string ?? "?")
        return "since \(since) by \(by): \(pause["reason"]?.string ?? "")"
    }
}
