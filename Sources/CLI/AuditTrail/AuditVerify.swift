import ArgumentParser
import Core
import Postgres
import Storage

/// `saga audit verify`.
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verifies the hashes of the audit trail, row by row.",
        discussion: """
            Reads the database, page by page, computes every hash anew, and names each row that was changed, removed, put in \
            or moved. Whether a chain was written anew from its beginning, or cut at its end together with its head, only a \
            head tells that was noted elsewhere: --expect. Writes nothing. Exit codes: 0 nothing is wrong, 1 something is, \
            or could not be read, 64 wrong usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("expect"),
        help: "TENANT:NUMBER:HASH of a head that was noted elsewhere, as `saga audit heads` prints it; repeatable.")
    var expected: [String] = []

    func validate() throws { _ = try heads() }

    func run() async throws {
        let heads = try heads()
        let report = try await database.withReads { try await AuditVerifier(pool: $0).verify(expected: heads) }
        output.show(text: Self.text(report), json: Self.json(report))
        if report.flawCount > 0 { throw ExitCode.failure }
    }

    private func heads() throws -> [AuditHead] {
        try expected.map { text in
            guard let head = AuditHead(text) else { throw ValidationError("\(text.clipped) is no TENANT:NUMBER:HASH.") }
            return head
        }
    }

    private static func text(_ report: AuditVerifier.Report) -> String {
        var lines = report.flaws.map { "\($0.tenantID): \($0.text)" }
        if report.flawCount > report.flaws.count { lines.append("and \(report.flawCount - report.flaws.count) more") }
        let chains = report.heads.count == 1 ? "1 chain" : "\(report.heads.count) chains"
        let rows = report.rowCount == 1 ? "1 row" : "\(report.rowCount) rows"
        lines.append(
            "\(rows) of \(chains) verified: "
                + (report.flawCount == 0 ? "nothing is wrong" : "\(report.flawCount) things are wrong"))
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: AuditVerifier.Report) -> JSON {
        [
            "passed": .bool(report.flawCount == 0), "rows": JSON(report.rowCount),
            "heads": .array(report.heads.map(\.json)), "flawCount": JSON(report.flawCount),
            "flaws": .array(
                report.flaws.map { flaw in
                    [
                        "tenant": .string(flaw.tenantID), "kind": .string(flaw.name),
                        "number": flaw.number.map { JSON(Int($0)) } ?? .null, "text": .string(flaw.text),
                    ]
                }),
        ]
    }
}

/// `saga audit heads`.
struct AuditHeads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heads", abstract: "Prints the head of each tenant's audit trail, to be noted elsewhere.",
        discussion: """
            TENANT:NUMBER:HASH on each line, as `saga audit verify --expect` takes it. Kept where nobody who can write to the \
            database can, it tells later whether anything before it was changed. Exit codes: 0, 1 the database can't be \
            read, 64 wrong usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let heads = try await database.withReads { try await AuditVerifier(pool: $0).heads() }
        switch output.output {
        case .json: Console.tell(JSON.object(["heads": .array(heads.map(\.json))]).text)
        case .jsonl: for head in heads { Console.tell(head.json.text) }
        case .text, .wide: for head in heads { Console.tell(head.text) }
        }
    }
}

extension AuditHead {
    fileprivate var json: JSON {
        ["tenant": .string(tenantID), "number": JSON(Int(number)), "hash": .string(hashText)]
    }
}

extension DatabaseOptions {
    /// Runs `body` with connections for reading, which are gone afterwards.
    fileprivate func withReads<Value>(_ body: (Pool) async throws -> Value) async throws -> Value {
        let database = Database(try configuration(), writes: 1, reads: 1)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(database.reads)) } catch { outcome = .failure(error) }
        await database.close()
        return try outcome.get()
    }
}
