import ArgumentParser
import Core
import FoundationEssentials
import Storage

/// `saga migrate`: brings a database to the schema of this release, or back.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the database's schema.",
        discussion: """
            Migrations are numbered pairs of files. Each runs in one transaction; a failure leaves nothing of that \
            file. Several may be started at once: one works, the others wait and find nothing left to do.
            """,
        subcommands: [MigrateUp.self, MigrateDown.self, MigrateStatus.self])
}

/// What all three need: a database and the files.
struct MigrationOptions: ParsableArguments {
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The directory of the migration files (environment: MIGRATIONS_DIR; default: found upwards).")
    var migrations: String?

    func migrator() throws -> Migrator {
        let files = FileManager.default
        let directory = try MigrationDirectory.find(
            named: migrations ?? ProcessInfo.processInfo.environment["MIGRATIONS_DIR"],
            from: files.currentDirectoryPath,
            executable: try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return Migrator(try database.configuration(), migrations: try MigrationDirectory.read(directory))
    }

    /// Tells what was changed: one line each, or `{"VERB": ["NNN_title", …]}`.
    func show(_ changed: [Migration], verb: String) {
        let lines = changed.map { "\(verb) \($0.name)" }
        output.show(
            text: lines.isEmpty ? "nothing to do" : lines.joined(separator: "\n"),
            json: .object([verb: .array(changed.map { .string($0.name) })]))
    }
}
