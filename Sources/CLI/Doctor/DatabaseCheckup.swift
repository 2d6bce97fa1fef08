import Core
import Postgres
import Storage

/// What can only be seen in the database, if one is named.
struct DatabaseCheckup {
    let options: DatabaseOptions
    let migrations: String?

    /// How long nothing may have happened in a live run.
    private static let quietFor = Duration.seconds(120)

    func findings() async -> [Finding] {
        let configuration: ConnectionConfiguration
        do {
            configuration = try options.configuration()
        } catch {
            return [
                Finding(
                    .skip, "database", "migrations and runs that nobody moves are not looked at without the database",
                    advice: "name it with --database-url or DATABASE_URL")
            ]
        }
        let schema = await migrationFindings(configuration)
        return schema.contains { $0.state == .fail } ? schema : schema + (await stuckRuns(configuration))
    }

    private func migrationFindings(_ configuration: ConnectionConfiguration) async -> [Finding] {
        let statuses: [MigrationStatus]
        do {
            statuses = try await MigrationOptions.migrator(configuration, directory: migrations).status()
        } catch let MigrationError.directory(reason) {
            return [Finding(.skip, "migrations", reason, advice: "name the folder with --migrations")]
        } catch {
            return [Finding(.fail, "migrations", "\(error)", advice: "is DATABASE_URL right, is the database up?")]
        }
        let pending = statuses.filter { $0.state == .pending }.map(\.name)
        if !pending.isEmpty {
            return [
                Finding(.fail, "migrations", "pending: \(pending.joined(separator: ", "))", advice: "saga migrate up")
            ]
        }
        let odd = statuses.filter { !["applied", "pending"].contains($0.state.word) }
        if !odd.isEmpty {
            let names = odd.map { "\($0.name) is \($0.state.word)" }.joined(separator: ", ")
            return [
                Finding(
                    .warn, "migrations", names,
                    advice: "this saga is of another release than the schema, or a file was changed: docs/cli.md")
            ]
        }
        return [Finding(.ok, "migrations", "all \(statuses.count) are applied")]
    }

    private func stuckRuns(_ configuration: ConnectionConfiguration) async -> [Finding] {
        let database = Database(configuration, writes: 1, reads: 1)
        let found: Result<[Recovery.Finding], StoreError>
        do throws(StoreError) {
            found = .success(try await Recovery(database: database).quietRuns(for: Self.quietFor, limit: 1000))
        } catch {
            found = .failure(error)
        }
        await database.close()
        switch found {
        case .failure(let error): return [Finding(.fail, "stuck runs", "\(error)")]
        case .success(let quiet):
            let stuck = quiet.count { !$0.reason.isLegitimate }
            if stuck == 0 { return [Finding(.ok, "stuck runs", "none: every live run moves, or waits as it should")] }
            return [
                Finding(
                    .warn, "stuck runs", "nobody moves \(stuck) runs", advice: "saga recover says why, and frees them")
            ]
        }
    }
}
