import ArgumentParser
import Core
import FoundationEssentials
import Postgres
import Storage

/// `saga migrate`: brings a database to the schema of this release, or back.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the database's schema.",
        discussion: """
            Migrations are numbered pairs of files, and files of functions and views (repeatable/), which are applied \
            after those, and again when they have changed. Each runs in one transaction; a failure leaves nothing of that \
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
        try Self.migrator(try database.configuration(), directory: migrations)
    }

    /// - Parameter directory: of the files; nil for MIGRATIONS_DIR, or what is found upwards.
    static func migrator(_ database: ConnectionConfiguration, directory: String?) throws(MigrationError) -> Migrator {
        let files = FileManager.default
        let directory = try MigrationDirectory.find(
            named: directory ?? ProcessInfo.processInfo.environment["MIGRATIONS_DIR"],
            from: files.currentDirectoryPath,
            executable: try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return Migrator(database, migrations: try MigrationDirectory.read(directory))
    }

    /// Tells what was changed: one line each, or `{"VERB": ["NNN_title", …]}`.
    func show(_ changed: [String], verb: String) {
        let lines = changed.map { "\(verb) \($0)" }
        output.show(
            text: lines.isEmpty ? "nothing to do" : lines.joined(separator: "\n"),
            json: .object([verb: .array(changed.map { .string($0) })]))
    }
}

/// `saga migrate up`.
struct MigrateUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Applies what is not applied yet; does nothing when all is.")

    @OptionGroup var options: MigrationOptions

    @Option(help: "The last version to apply (default: all). Functions and views are applied with the newest only.")
    var to: Int?

    func run() async throws {
        options.show(try await options.migrator().up(to: to), verb: "applied")
    }
}

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
        let reverted: [String]
        if let to {
            reverted = try await migrator.down(to: to)
        } else {
            reverted = try await migrator.down(steps: steps ?? 1)
        }
        options.show(reverted, verb: "reverted")
    }
}

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
                        "name": JSON($0.name), "version": $0.version.map { JSON($0) } ?? .null,
                        "title": JSON($0.title), "state": JSON($0.state.word),
                        "appliedAt": JSON($0.state.appliedAt?.description),
                    ]
                }))
    }
}
