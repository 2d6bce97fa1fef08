import ArgumentParser
import Storage

/// `saga migrate down`.
struct MigrateDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Reverts the newest migration, or more. What is dropped is gone.")

    @OptionGroup var options: MigrationOptions

    @Option(help: "The version that stays the last one applied; 0 reverts all.")
    var to: Int?

    @Option(help: "How many to revert (default: 1).")
    var steps: Int?

    func validate() throws {
        if to != nil && steps != nil { throw ValidationError("Give --to or --steps, not both.") }
        if (to ?? 0) < 0 || (steps ?? 0) < 0 { throw ValidationError("--to and --steps are not negative.") }
    }

    func run() async throws {
        let migrator = try options.migrator()
        let reverted: [Migration]
        if let to {
            reverted = try await migrator.down(to: to)
        } else {
            reverted = try await migrator.down(steps: steps ?? 1)
        }
        options.show(reverted, verb: "reverted")
    }
}
