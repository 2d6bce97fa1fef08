import ArgumentParser
import Core
import Postgres
import Settings
import Storage

/// `saga secrets`: participants' credentials that stand encrypted in the database.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Encrypts participants' credentials with the newest key.",
        subcommands: [SecretsRotate.self])
}

/// `saga secrets rotate`.
struct SecretsRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Encrypts every credential that is not yet encrypted with the newest of SECRET_KEYS with that.",
        discussion: """
            Credentials that stand as they are in the database are encrypted, too. Begin with the new key on every engine and \
            API, first in its SECRET_KEYS; take the old one away when this says that nothing is left. It can be broken off at \
            any time and started again. Keys are read from SECRET_KEYS, SECRET_KEYS_FILE or the file secret_keys in \
            SECRETS_DIR, /run/secrets. Exit codes: 0 all is encrypted with the newest key, 1 the database can't be read, 2 some \
            could not be decrypted and stay as they are, 64 wrong usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let keys = try Self.keys()
        let database = Database(try database.configuration(), writes: 1, reads: 1)
        let outcome: Result<SecretRotation.Report, any Error>
        do { outcome = .success(try await SecretRotation(pool: database.writes, keys: keys).run()) } catch {
            outcome = .failure(error)
        }
        await database.close()
        let report = try outcome.get()
        output.show(text: Self.text(report), json: Self.json(report))
        if !report.failures.isEmpty { throw ExitCode.unwell }
    }

    private static func keys() throws -> SecretKeys {
        var settings = Settings(program: "saga", about: "", arguments: ["saga"])
        let keys: SecretKeys?
        do {
            keys = try SecretKeys.setting(&settings)
            if let problem = settings.firstProblem { throw problem }
        } catch {
            throw CLIError.unusable("\(error)")
        }
        guard let keys else { throw CLIError.unusable("name the keys with SECRET_KEYS_FILE, the newest first") }
        return keys
    }

    private static func text(_ report: SecretRotation.Report) -> String {
        var lines = ["\(report.rotated) participants' credentials are now encrypted with \(report.key)"]
        if report.changed > 0 {
            lines.append("\(report.changed) were registered anew meanwhile: run it again")
        }
        for (name, reason) in report.failures { lines.append("\(Self.text(name)) stays as it is: \(reason)") }
        return lines.joined(separator: "\n")
    }

    private static func text(_ participant: ParticipantID) -> String {
        participant.name + (participant.owner.tenantID.map { " of \($0)" } ?? "")
    }

    private static func json(_ report: SecretRotation.Report) -> JSON {
        [
            "key": .string(report.key), "rotated": JSON(report.rotated), "changed": JSON(report.changed),
            "failures": .array(
                report.failures.map {
                    [
                        "participant": .string($0.participant.name), "tenant": .string($0.participant.owner.name),
                        "reason": .string($0.reason),
                    ]
                }),
        ]
    }
}
