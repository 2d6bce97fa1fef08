import ArgumentParser
import Postgres

/// `floor-script`: writes the pgbench script of the floor to standard output, and its functions into the database.
///
/// The database must be migrated. Run it with `pgbench -n -M simple -D prepared=0 -f FILE`: each transaction of pgbench
/// starts, claims and carries out one batch of three-step runs.
struct FloorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor-script", abstract: "Sagaflow's own statements as a pgbench script.")

    @OptionGroup var database: DatabaseOptions
    @Option(help: "Runs in a batch.")
    var batch = 200

    func run() async throws {
        guard (1...1000).contains(batch) else { throw BenchError.argument("--batch must be 1 to 1000") }
        let connection = try await Connection.connect(
            ConnectionConfiguration(database.databaseURL, applicationName: "sagaflow-bench"))
        let script = try await FloorScript(batch: batch, connection)
        try await connection.simpleQuery(script.functions)
        await connection.close()
        print(script.text)
    }
}
