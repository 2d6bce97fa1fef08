import ArgumentParser
import Core

/// `saga doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks at an installation, and says of everything that is not well what to do.",
        discussion: """
            Looks at the API, its database and Redis, the engines and what they were told, clocks, limits, FAILED runs, the \
            workflows' participants, and with --database-url (or DATABASE_URL) at migrations and at runs that nobody moves. \
            Changes nothing. A participant's address is tried from this machine, which may be elsewhere than engines are. Exit \
            codes: 0 nothing fails (there may be warnings), 1 something does, 64 wrong usage.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The directory of the migration files (environment: MIGRATIONS_DIR; default: found upwards).")
    var migrations: String?

    func run() async throws {
        let token = try admin.optionalToken(api)
        var findings = try await api.withClient(token: token) { client in
            await APICheckup(client: client, hasToken: token != nil).findings()
        }
        findings += await DatabaseCheckup(options: database, migrations: migrations).findings()
        let report = DoctorReport(findings: findings)
        switch output.output {
        case .text, .wide: Console.tell(report.text(Paint(isOn: Console.isColoured)))
        case .json: Console.tell(report.json.text)
        case .jsonl: for finding in findings { Console.tell(finding.json.text) }
        }
        if report.count(.fail) > 0 { throw ExitCode.failure }
    }
}
