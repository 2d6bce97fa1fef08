import Core
import Foundation
import Postgres
import TestSupport
import Testing

/// `saga_calls`, as it is copied into other people's databases.
@Suite("The barrier that participants copy", .serialized)
struct BarrierSQLTests {
    private static func script(_ name: String) throws -> String {
        try String(contentsOf: SeatsSample.folder.appending(path: name), encoding: .utf8)
    }

    // MARK: Postgres

    private static func begin(_ call: BarrierCall) -> String {
        "SELECT * FROM saga_begin('run', '\(call.step)', '\(call.action)')"
    }

    private static func said(_ rows: [[String?]]) -> String {
        guard let row = rows.first, row.count == 3 else { return "\(rows)" }
        return row[0] == "t" ? "go" : "no \(row[1] ?? "-") \(row[2] ?? "-")"
    }

    private func end(_ call: BarrierCall, _ connection: Connection) async throws {
        if case .answer(let status, let answer) = call.end {
            try await connection.simpleQuery(
                "SELECT saga_end('run', '\(call.step)', '\(call.action)', \(status), '\(answer)')")
        }
        if case .rollback = call.end {
            try await connection.simpleQuery("ROLLBACK")
        } else {
            try await connection.simpleQuery("COMMIT")
        }
    }

    @Test("Postgres: a call is done once, undone once, and not at all after its undo", .timeLimit(.minutes(3)))
    func postgres() async throws {
        try await TestDatabase.with(isMigrated: false) { test in
            // Twice: whoever deploys it may have it already.
            for _ in 0..<2 { try await test.execute(try Self.script("postgres.sql")) }
            let (first, second) = (
                try await Connection.connect(test.configuration), try await Connection.connect(test.configuration)
            )
            for call in BarrierCall.cases {
                try await first.simpleQuery("BEGIN")
                let said = Self.said(try await first.simpleQuery(Self.begin(call)))
                #expect(said == call.expected, "\(call.step) \(call.action)")
                try await end(call, first)
            }
            for race in BarrierCall.races {
                try await first.simpleQuery("BEGIN")
                #expect(Self.said(try await first.simpleQuery(Self.begin(race.first))) == "go")
                try await second.simpleQuery("BEGIN")
                async let late = second.simpleQuery(Self.begin(race.second))
                try await PrivatePostgres.until(.seconds(20), "the second waits") {
                    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    return try await test.value("\(waiting) AND datname = current_database()") == "1"
                }
                try await end(race.first, first)
                let said = Self.said(try await late)
                #expect(said == race.second.expected, "\(race.second.step)")
                try await second.simpleQuery("ROLLBACK")
            }
            // A call that was committed without its end must not be taken for one that was done, nor for one that was not.
            await #expect(throws: PostgresError.self) {
                try await first.simpleQuery("BEGIN; \(Self.begin(.told("f", "execute", 0, ""))); COMMIT")
                try await first.simpleQuery(Self.begin(.told("f", "compensate", 0, "")))
            }
            await first.close()
            await second.close()
        }
    }

    // MARK: MariaDB

    private static func mariaDB(_ call: BarrierCall, whileOpen: String = "") -> String {
        var text = "START TRANSACTION; CALL saga_begin('run', '\(call.step)', '\(call.action)'); \(whileOpen)"
        if case .answer(let status, let answer) = call.end {
            text += "CALL saga_end('run', '\(call.step)', '\(call.action)', \(status), '\(answer)'); "
        }
        if case .rollback = call.end { return text + "ROLLBACK;\n" }
        return text + "COMMIT;\n"
    }

    /// As the client prints it.
    private static func printed(_ call: BarrierCall) -> String {
        call.end == nil ? "0\t\(call.status)\t\(call.answer)" : "1\tNULL\tNULL"
    }

    /// Procedures that wait for what the other session does; for ten seconds at most. The server looks at its transactions
    /// anew only when nobody has asked for them for a tenth of a second.
    private static let waiting = """
        DELIMITER //
        CREATE PROCEDURE until_held() BEGIN
            DECLARE turns INT DEFAULT 1000;
            WHILE turns > 0 AND IS_USED_LOCK('held') IS NULL DO DO SLEEP(0.01); SET turns = turns - 1; END WHILE;
        END //
        CREATE PROCEDURE until_waited_for() BEGIN
            DECLARE turns INT DEFAULT 50;
            WHILE turns > 0 AND NOT EXISTS (
                SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT')
            DO DO SLEEP(0.2); SET turns = turns - 1; END WHILE;
            IF turns = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nobody waits'; END IF;
        END //
        DELIMITER ;
        """

    @Test(
        "MariaDB: a call is done once, undone once, and not at all after its undo",
        .enabled(if: PrivateMariaDB.server != nil, "mariadbd is not on this machine"), .timeLimit(.minutes(2)))
    func mariaDB() async throws {
        try await PrivateMariaDB.with { server in
            for _ in 0..<2 { _ = try await server.run(try Self.script("mysql.sql")) }
            _ = try await server.run(Self.waiting)
            let rows = try await server.run(BarrierCall.cases.map { Self.mariaDB($0) }.joined())
            #expect(rows == BarrierCall.cases.map(Self.printed))
            for race in BarrierCall.races {
                let held = "DO GET_LOCK('held', 0); CALL until_waited_for(); "
                async let early = server.run(Self.mariaDB(race.first, whileOpen: held))
                async let late = server.run("CALL until_held(); \(Self.mariaDB(race.second))")
                let (said, saidLate) = try await (early, late)
                #expect(said == ["1\tNULL\tNULL"])
                #expect(saidLate == [Self.printed(race.second)], "\(race.second.step)")
            }
            let forgotten = try await server.client(
                "START TRANSACTION; CALL saga_begin('run', 'f', 'execute'); COMMIT; "
                    + "CALL saga_begin('run', 'f', 'compensate')", in: "saga")
            #expect(forgotten.exitCode != 0 && forgotten.errors.contains("without saga_end"), "\(forgotten)")
        }
    }

    // MARK: SQLite

    /// Runs the cases as the head of sqlite.sql says, and prints what each was told.
    private static let sqlite = #"""
        import json, os, re, sqlite3, sys, tempfile, threading
        text = open(sys.argv[1]).read()
        def section(name):
            return re.split(r"\n-- %s\b[^\n]*\n" % name, text)[1].split("\n-- ")[0]
        table, look, record = section("table"), section("look"), section("record")
        file = os.path.join(tempfile.mkdtemp(), "db")

        def call(step, action, end, before_end=lambda: None):
            db = sqlite3.connect(file, timeout=20, isolation_level=None)
            db.execute("BEGIN IMMEDIATE")
            values = {"run": "run", "step": step, "action": action}
            seen = db.execute(look, values).fetchone()
            before_end()
            # An undo does its own looking: it finds what was done by run and step.
            done = action == "execute" or db.execute(
                "SELECT 1 FROM saga_calls WHERE step_id = ? AND action = 'execute' AND status < 300", (step,)).fetchone()
            if seen is None and not done:
                seen = (200, '{"detail": "There was nothing to undo."}')
                db.execute(record, {**values, "status": seen[0], "answer": seen[1]})
                db.execute("COMMIT")
            elif seen is None and end:
                db.execute(record, {**values, "status": end[0], "answer": end[1]})
                db.execute("COMMIT")
            else:
                db.execute("ROLLBACK")
            db.close()
            return "no %d %s" % seen if seen else "go"

        for _ in range(2):
            with sqlite3.connect(file) as db:
                db.executescript(table)
        cases, races = json.load(open(sys.argv[2]))
        said = [call(*case) for case in cases]
        for first, second in races:
            late, begun = [], threading.Event()
            def run():
                begun.set()
                late.append(call(*second))
            other = threading.Thread(target=run)
            said.append(call(*first, before_end=lambda: (other.start(), begun.wait())))
            other.join()
            said += late
        print(json.dumps(said))
        """#

    private static func json(_ call: BarrierCall) -> JSON {
        guard case .answer(let status, let answer) = call.end else {
            return [.string(call.step), .string(call.action), .null]
        }
        return [.string(call.step), .string(call.action), [JSON(status), .string(answer)]]
    }

    @Test(
        "SQLite: a call is done once, undone once, and not at all after its undo",
        .enabled(if: Program.python != nil, "python3 is not on this machine"), .timeLimit(.minutes(3)))
    func sqlite() async throws {
        let python = try #require(Program.python)
        let input: JSON = [
            .array(BarrierCall.cases.map(Self.json)),
            .array(BarrierCall.races.map { [Self.json($0.first), Self.json($0.second)] }),
        ]
        let file = FileManager.default.temporaryDirectory.appending(path: "barrier-\(UUID().uuidString).json")
        try Data(input.bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let path = SeatsSample.folder.appending(path: "sqlite.sql").path
        let outcome = try await Tool(python).run(["-c", Self.sqlite, path, file.path])
        try #require(outcome.exitCode == 0, "\(outcome)")
        let expected = BarrierCall.cases.map(\.expected) + BarrierCall.races.flatMap { ["go", $0.second.expected] }
        #expect(outcome.json == .array(expected.map { .string($0) }))
    }

    @Test("the sample in Python has the statements of sqlite.sql")
    func sample() throws {
        func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        let sample = words(try String(contentsOf: SeatsSample.folder.appending(path: "seats.py"), encoding: .utf8))
        let section = try #require(try Self.script("sqlite.sql").split(separator: "\n-- look").last)
        let look = try #require(section.drop { $0 != "\n" }.split(separator: ";").first)
        #expect(sample.contains(words(String(look))))
    }
}
