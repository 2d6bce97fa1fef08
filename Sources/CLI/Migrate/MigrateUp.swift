import ArgumentParser
import Storage

/// `saga migrate up`.
struct MigrateUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Applies what is not applied yet; does nothing when all is.")

    @OptionGroup var options: MigrationOptions

    @Option(help: "The last version to apply (default: all).")
    var to: Int?

    func run() async throws {
        options.show(try await options.migrator().up(to: to), verb: "applied")
    }
}
