import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Migrations are applied once, whole, and never edited")
struct MigratorTests {
    private static let items = Migration(
        version: 1, title: "items", up: "CREATE TABLE items (id int);", down: "DROP TABLE items;")
    private static let names = Migration(
        version: 2, title: "names", up: "ALTER TABLE items ADD name text; INSERT INTO items VALUES (1, 'a');",
        down: "ALTER TABLE items DROP name;")

    private func withMigrator(
        _ migrations: [Migration] = [items, names], _ body: (TestDatabase, Migrator) async throws -> Void
    ) async throws {
        try await TestDatabase.with(isMigrated: false) { test in
            let files = MigrationFiles(numbered: migrations)
            try await body(test, Migrator(test.configuration, migrations: files, lockDeadline: .seconds(20)))
        }
    }

    @Test("Up, up again, down, up: each does what is left to do and status tells")
    func upAndDown() async throws {
        try await withMigrator { (test: TestDatabase, migrator: Migrator) async throws in
            #expect(try await migrator.status().map(\.state) == [.pending, .pending])
            #expect(try await test.value("SELECT to_regclass('schema_migrations')") == nil)
            #expect(try await migrator.up(to: 1) == ["001_items"])
            #expect(try await migrator.status().map(\.state.word) == ["applied", "pending"])
            #expect(try await migrator.up() == ["002_names"])
            #expect(try await migrator.up() == [])
            #expect(try await migrator.down(steps: 1) == ["002_names"])
            #expect(
                try await test.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 'items'")
                    == "1")
            #expect(try await migrator.up() == ["002_names"])
            #expect(try await migrator.down(to: 0) == ["002_names", "001_items"])
            #expect(try await test.value("SELECT to_regclass('items')") == nil)
            #expect(try await migrator.down(steps: 3) == [])
        }
    }

    @Test("A file that was edited after it was applied is named and refused, in both directions")
    func editedFile() async throws {
        try await withMigrator { (test: TestDatabase, migrator: Migrator) async throws in
            _ = try await migrator.up(to: 1)
            let edited = Migration(version: 1, title: "items", up: Self.items.up + " ", down: Self.items.down)
            let next = Migrator(test.configuration, migrations: MigrationFiles(numbered: [edited, Self.names]))
            for attempt in [{ try await next.up() }, { try await next.down(steps: 1) }] {
                let error = await #expect(throws: MigrationError.self) { _ = try await attempt() }
                #expect(error?.description.contains("001_items.up.sql was changed") == true)
            }
            #expect(try await next.status().map(\.state.word) == ["edited", "pending"])
        }
    }

    @Test("A file that fails in the middle leaves nothing of itself, and what came before stays")
    func failingFile() async throws {
        let broken = Migration(
            version: 2, title: "broken", up: "CREATE TABLE half (id int); INSERT INTO half VALUES (1 / 0);", down: "")
        try await withMigrator([Self.items, broken]) { (test: TestDatabase, migrator: Migrator) async throws in
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            #expect(error?.description.contains("002_broken.up.sql") == true)
            #expect(try await test.value("SELECT to_regclass('half')") == nil)
            #expect(try await migrator.status().map(\.state.word) == ["applied", "pending"])
        }
    }

    @Test("A file is undone when it can't be recorded")
    func unrecordedFile() async throws {
        let greedy = Migration(
            version: 1, title: "greedy", up: "CREATE TABLE a (id int); DROP TABLE schema_migrations;", down: "")
        try await withMigrator([greedy]) { (test: TestDatabase, migrator: Migrator) async throws in
            await #expect(throws: MigrationError.self) { try await migrator.up() }
            #expect(try await test.value("SELECT to_regclass('a')") == nil)
            #expect(try await migrator.status().map(\.state) == [.pending])
        }
    }

    @Test("A file that commits by itself is refused by name", arguments: ["COMMIT;", "ROLLBACK; BEGIN;"])
    func endsTransaction(text: String) async throws {
        let rude = Migration(version: 1, title: "rude", up: "CREATE TABLE a (id int); \(text) SELECT 1;", down: "")
        try await withMigrator([rude]) { (_: TestDatabase, migrator: Migrator) async throws in
            let error = await #expect(throws: MigrationError.self) { try await migrator.up() }
            guard case .endsTransaction("001_rude.up.sql") = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("Many runners at once: every file is applied once, and all of them end well")
    func runnersAtOnce() async throws {
        try await withMigrator { (test: TestDatabase, migrator: Migrator) async throws in
            let counts = try await withThrowingTaskGroup { group in
                for _ in 0..<5 { group.addTask { try await migrator.up().count } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, 0, 2])
            #expect(try await test.value("SELECT count(*) FROM items") == "1")
        }
    }

    @Test("Who waits for another runner waits only until the deadline")
    func lockDeadline() async throws {
        try await withMigrator { (test: TestDatabase, migrator: Migrator) async throws in
            let holder = try await Connection.connect(test.configuration)
            try await holder.simpleQuery("SELECT pg_advisory_lock(\(Migrator.lockKey))")
            let hasty = Migrator(
                test.configuration, migrations: MigrationFiles(numbered: [Self.items]), lockDeadline: .milliseconds(50))
            let error = await #expect(throws: MigrationError.self) { try await hasty.up() }
            guard case .busy = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await hasty.status().map(\.state) == [.pending])
            await holder.close()
            #expect(try await migrator.up().count == 2)
        }
    }

    @Test("A migration of a newer release, or one that is missing before an applied one, is refused")
    func unknownVersions() async throws {
        try await withMigrator { (test: TestDatabase, migrator: Migrator) async throws in
            _ = try await migrator.up()
            let older = Migrator(test.configuration, migrations: MigrationFiles(numbered: [Self.items]))
            let error = await #expect(throws: MigrationError.self) { try await older.up() }
            guard case .unknownVersion("002_names") = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await older.status().map(\.state.word) == ["applied", "unknown"])
            await #expect(throws: MigrationError.self) { try await migrator.up(to: 3) }
            try await test.execute("DELETE FROM schema_migrations WHERE version = 1")
            let gap = await #expect(throws: MigrationError.self) { try await migrator.up() }
            guard case .gap(applied: 2, missing: 1) = gap else {
                Issue.record("\(String(describing: gap))")
                return
            }
        }
    }
}
