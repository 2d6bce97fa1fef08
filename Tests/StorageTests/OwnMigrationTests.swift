import Core
import Foundation
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("The project's own migrations")
struct OwnMigrationTests {
    /// Everything that is made of SQL, with its text.
    private static let schema = """
        SELECT relname, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1
        """

    private func withFiles(_ body: (TestDatabase, MigrationFiles) async throws -> Void) async throws {
        let directory = try MigrationDirectory.find(
            named: nil, from: URL(filePath: #filePath).resolvingSymlinksInPath().path, executable: nil)
        let files = try MigrationDirectory.read(directory)
        try await TestDatabase.with(isMigrated: false) { test in try await body(test, files) }
    }

    @Test("They go up, down and up again and leave nothing behind")
    func upAndDown() async throws {
        try await withFiles { (test: TestDatabase, files: MigrationFiles) async throws in
            let migrator = Migrator(test.configuration, migrations: files)
            let applied = try await migrator.up()
            let before = try await test.query(Self.schema)
            #expect(try await migrator.down(to: 0) == files.numbered.map(\.name).reversed())
            #expect(
                try await test.query(Self.schema).map { $0[0] } == [
                    "repeatable_migrations", "repeatable_migrations_pkey", "schema_migrations",
                    "schema_migrations_pkey",
                ])
            #expect(try await migrator.up() == applied)
            #expect(try await test.query(Self.schema) == before)
        }
    }

    @Test("Numbered ones go down where no repeatable one was ever applied")
    func downWithoutRepeatable() async throws {
        try await withFiles { (test: TestDatabase, files: MigrationFiles) async throws in
            let migrator = Migrator(test.configuration, migrations: MigrationFiles(numbered: files.numbered))
            #expect(try await migrator.up() == files.numbered.map(\.name))
            #expect(try await migrator.down(to: 0).count == files.numbered.count)
            #expect(try await test.value("SELECT to_regclass('workflow_runs')") == nil)
        }
    }

    @Test("Repeatable ones change nothing the second time, whatever partitions the engines have made meanwhile")
    func again() async throws {
        try await withFiles { (test: TestDatabase, files: MigrationFiles) async throws in
            _ = try await Migrator(test.configuration, migrations: files).up()
            // A partition of four weeks in the place of one of them: an engine that keeps everything makes such.
            try await test.execute(
                """
                DO $$
                DECLARE week record;
                BEGIN
                    FOR week IN SELECT * FROM run_partitions LOOP
                        EXECUTE format('DROP TABLE %s', week.partition_table);
                    END LOOP;
                    PERFORM create_run_partition(
                        'workflow_runs', now() - interval '14 days', now() + interval '14 days');
                END
                $$
                """)
            let before = try await test.query(Self.schema)
            let changed = files.repeatable.map { RepeatableMigration(title: $0.title, sql: $0.sql + "-- changed\n") }
            let next = MigrationFiles(numbered: files.numbered, repeatable: changed)
            #expect(try await Migrator(test.configuration, migrations: next).up() == files.repeatable.map(\.name))
            #expect(try await test.query(Self.schema) == before)
        }
    }

    @Test("A database is not ready before all of them are applied: without its partitions a start would fail")
    func readiness() async throws {
        try await withFiles { (test: TestDatabase, files: MigrationFiles) async throws in
            #expect(files.repeatable.count > 1)
            for count in 0...files.repeatable.count {
                let some = MigrationFiles(numbered: files.numbered, repeatable: Array(files.repeatable.prefix(count)))
                _ = try await Migrator(test.configuration, migrations: some).up()
                let isReady = try await test.database.reads.execute(Ping()).first
                #expect(isReady == (count == files.repeatable.count), "\(count) of them")
            }
        }
    }

    @Test("A new database has every table's default partition and two weeks")
    func partitions() async throws {
        try await withFiles { (test: TestDatabase, files: MigrationFiles) async throws in
            _ = try await Migrator(test.configuration, migrations: files).up()
            let tables = PartitionedTable.allCases.map(\.rawValue).sorted()
            let cut = "SELECT unnest(partitioned_tables())::text ORDER BY 1"
            #expect(try await test.query(cut).map { $0[0] } == tables, "the SQL and the engines name the same")
            let counts = """
                SELECT inhparent::regclass::text, count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhparent
                WHERE relkind = 'p' GROUP BY 1 ORDER BY 1
                """
            #expect(try await test.query(counts) == tables.map { [$0, "3"] })
        }
    }
}
