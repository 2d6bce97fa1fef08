import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Repeatable migrations are applied after the numbered ones, and again when they have changed")
struct RepeatableMigrationTests {
    private static let items = Migration(
        version: 1, title: "items", up: "CREATE TABLE items (id int); INSERT INTO items VALUES (1), (2);",
        down: "DROP VIEW IF EXISTS total; DROP FUNCTION IF EXISTS scaled; DROP TABLE items;")
    /// Drops the view, which is in its way.
    private static let wide = Migration(
        version: 2, title: "wide", up: "DROP VIEW IF EXISTS total; ALTER TABLE items ALTER id TYPE int8;",
        down: "DROP VIEW IF EXISTS total; ALTER TABLE items ALTER id TYPE int;")
    private static let total = RepeatableMigration(
        title: "20_total",
        sql: "DROP VIEW IF EXISTS total; CREATE VIEW total AS SELECT sum(scaled(id)) AS total FROM items;")

    private static func scaled(by factor: Int) -> RepeatableMigration {
        RepeatableMigration(
            title: "10_scaled",
            sql: """
                CREATE OR REPLACE FUNCTION scaled(id int8) RETURNS int8 LANGUAGE sql
                AS $$ SELECT \(factor) * id $$;
                """)
    }

    private func migrator(
        _ test: TestDatabase, _ repeatable: [RepeatableMigration], after numbered: [Migration] = [items]
    ) -> Migrator {
        Migrator(
            test.configuration, migrations: MigrationFiles(numbered: numbered, repeatable: repeatable),
            lockDeadline: .seconds(20))
    }

    private func withDatabase(_ body: (TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with(isMigrated: false, body)
    }

    @Test("In the order of their names, when all numbered ones are applied; the next up finds nothing to do")
    func order() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let all = migrator(test, [Self.scaled(by: 2), Self.total], after: [Self.items, Self.wide])
            #expect(try await all.up() == ["001_items", "002_wide", "repeatable/10_scaled", "repeatable/20_total"])
            #expect(try await test.value("SELECT total FROM total") == "6")
            let before = try await all.status()
            #expect(before.map(\.state.word) == ["applied", "applied", "applied", "applied"])
            #expect(try await all.up() == [])
            #expect(try await all.status() == before, "when they were applied has not changed")
        }
    }

    @Test("Not before the newest numbered one is applied")
    func target() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let all = migrator(test, [Self.scaled(by: 2), Self.total], after: [Self.items, Self.wide])
            #expect(try await all.up(to: 1) == ["001_items"])
            #expect(try await all.status().map(\.state.word) == ["applied", "pending", "pending", "pending"])
            #expect(try await all.up(to: 2) == ["002_wide", "repeatable/10_scaled", "repeatable/20_total"])
        }
    }

    @Test("One that has changed is due, and is applied alone")
    func changed() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            _ = try await migrator(test, [Self.scaled(by: 2), Self.total]).up()
            let next = migrator(test, [Self.scaled(by: 3), Self.total])
            #expect(try await next.status().map(\.state.word) == ["applied", "pending", "applied"])
            #expect(try await next.up() == ["repeatable/10_scaled"])
            #expect(try await test.value("SELECT total FROM total") == "9")
            #expect(try await next.status().map(\.state.word) == ["applied", "applied", "applied"])
            #expect(try await next.up() == [])
        }
    }

    @Test("A new one is applied to a database that has all others")
    func added() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            _ = try await migrator(test, [Self.scaled(by: 2)]).up()
            #expect(try await migrator(test, [Self.scaled(by: 2), Self.total]).up() == ["repeatable/20_total"])
        }
    }

    @Test("A numbered one that drops a view gets it back: with it all are due again, changed or not")
    func afterNumbered() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let repeatable = [Self.scaled(by: 2), Self.total]
            _ = try await migrator(test, repeatable).up()
            let next = migrator(test, repeatable, after: [Self.items, Self.wide])
            #expect(try await next.up() == ["002_wide", "repeatable/10_scaled", "repeatable/20_total"])
            #expect(try await test.value("SELECT total FROM total") == "6")
        }
    }

    @Test("Down makes all due again, the last numbered one or not; a down that fails does not")
    func down() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let repeatable = [Self.scaled(by: 2), Self.total]
            let all = migrator(test, repeatable, after: [Self.items, Self.wide])
            _ = try await all.up()
            try await test.execute("CREATE VIEW other AS SELECT id FROM items")
            await #expect(throws: MigrationError.self) { try await all.down(steps: 1) }
            #expect(try await all.up() == [])
            try await test.execute("DROP VIEW other")
            #expect(try await all.down(steps: 1) == ["002_wide"])
            #expect(try await all.status().map(\.state.word) == ["applied", "pending", "pending", "pending"])
            #expect(try await all.up() == ["002_wide", "repeatable/10_scaled", "repeatable/20_total"])
            #expect(try await all.down(to: 0) == ["002_wide", "001_items"])
            #expect(try await all.up().count == 4)
            #expect(try await test.value("SELECT total FROM total") == "6")
        }
    }

    @Test("One that fails is named and leaves nothing of itself; those before it stay, those after it wait")
    func failing() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let broken = RepeatableMigration(
                title: "15_broken", sql: "CREATE TABLE half (id int); INSERT INTO half VALUES (1 / 0);")
            let all = migrator(test, [Self.scaled(by: 2), broken, Self.total])
            let error = await #expect(throws: MigrationError.self) { try await all.up() }
            #expect(error?.description.contains("repeatable/15_broken.sql") == true, "\(String(describing: error))")
            #expect(try await test.value("SELECT to_regclass('half')") == nil)
            #expect(try await all.status().map(\.state.word) == ["applied", "applied", "pending", "pending"])
        }
    }

    @Test("One that fails after it was changed leaves what was applied before, and stays due")
    func failingChange() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            _ = try await migrator(test, [Self.scaled(by: 2), Self.total]).up()
            let broken = RepeatableMigration(title: "10_scaled", sql: Self.scaled(by: 3).sql + "SELECT 1 / 0;")
            let next = migrator(test, [broken, Self.total])
            await #expect(throws: MigrationError.self) { try await next.up() }
            #expect(try await test.value("SELECT total FROM total") == "6")
            #expect(try await next.status().map(\.state.word) == ["applied", "pending", "applied"])
        }
    }

    @Test("One that commits by itself is refused by name", arguments: ["COMMIT;", "ROLLBACK; BEGIN;"])
    func endsTransaction(text: String) async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let rude = RepeatableMigration(title: "10_rude", sql: "CREATE TABLE a (id int); \(text) SELECT 1;")
            let error = await #expect(throws: MigrationError.self) { try await migrator(test, [rude]).up() }
            guard case .endsTransaction("repeatable/10_rude.sql") = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await migrator(test, [rude]).status().map(\.state.word) == ["applied", "pending"])
        }
    }

    @Test("One that only the database knows is shown, left alone, and keeps no older release from its work")
    func unknown() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            _ = try await migrator(test, [Self.scaled(by: 2), Self.total]).up()
            let older = migrator(test, [Self.scaled(by: 2)])
            let names = ["001_items", "repeatable/10_scaled", "repeatable/20_total"]
            #expect(try await older.up() == [])
            let statuses = try await older.status()
            #expect(statuses.map(\.name) == names)
            #expect(statuses.map(\.state.word) == ["applied", "applied", "unknown"])
            #expect(try await test.value("SELECT total FROM total") == "6")
            #expect(try await migrator(test, [Self.scaled(by: 2), Self.total]).up() == [])
        }
    }

    @Test("A database of a release that had none yet is read as it is, and gets them")
    func older() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            _ = try await migrator(test, []).up()
            try await test.execute("DROP TABLE repeatable_migrations")
            let next = migrator(test, [Self.scaled(by: 2)])
            #expect(try await next.status().map(\.state.word) == ["applied", "pending"])
            #expect(try await test.value("SELECT to_regclass('repeatable_migrations')") == nil)
            #expect(try await next.up() == ["repeatable/10_scaled"])
        }
    }

    @Test("Many runners at once: each is applied once")
    func runnersAtOnce() async throws {
        try await withDatabase { (test: TestDatabase) async throws in
            let noted = RepeatableMigration(title: "10_noted", sql: "INSERT INTO items VALUES (3);")
            let runner = migrator(test, [noted])
            try await withThrowingTaskGroup { group in
                for _ in 0..<5 { group.addTask { _ = try await runner.up() } }
                try await group.waitForAll()
            }
            #expect(try await test.value("SELECT count(*) FROM items WHERE id = 3") == "1")
        }
    }
}
