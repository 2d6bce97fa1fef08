import ArgumentParser
import Core
import Storage

/// `saga migrate status`.
struct MigrateStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows every migration: pending, applied, edited or unknown to this release.")

    @OptionGroup var options: MigrationOptions

    func run() async throws {
        let statuses = try await options.migrator().status()
        let lines = statuses.map { "\($0.state.word)\t\($0.name)\t\($0.state.appliedAt?.description ?? "-")" }
        options.output.show(
            text: lines.joined(separator: "\n"),
            json: .array(
                statuses.map {
                    [
                        "version": JSON($0.version), "title": JSON($0.title), "state": JSON($0.state.word),
                        "appliedAt": JSON($0.state.appliedAt?.description),
                    ]
                }))
    }
}
