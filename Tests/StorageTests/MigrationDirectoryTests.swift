import Foundation
@testable import Storage
import Testing

@Suite("A directory of migrations is read whole or refused")
struct MigrationDirectoryTests {
    @Test("Pairs numbered from 1 are read in order; other files are left alone")
    func reads() throws {
        try withFiles(["002_b.up.sql", "002_b.down.sql", "001_a_b.up.sql", "001_a_b.down.sql", "README.md"]) {
            (folder: String) throws in
            let migrations = try MigrationDirectory.read(folder)
            #expect(migrations.map(\.name) == ["001_a_b", "002_b"])
            #expect(migrations[0].up == "-- 001_a_b.up.sql")
            #expect(migrations[1].down == "-- 002_b.down.sql")
        }
    }

    @Test(
        "Gaps, duplicates, missing halves and strange names are refused",
        arguments: [
            (["001_a.up.sql"], "both"), (["001_a.down.sql"], "both"),
            (["002_a.up.sql", "002_a.down.sql"], "1 is missing"),
            (["001_a.up.sql", "001_a.down.sql", "003_c.up.sql", "003_c.down.sql"], "2 is missing"),
            (["001_a.up.sql", "001_a.down.sql", "001_b.up.sql", "001_b.down.sql"], "twice"),
            (["001_a.up.sql", "001_a.down.sql", "1_a.up.sql"], "of another file"),
            (["001_a.up.sql", "001_a.down.sql", "002-b.up.sql"], "002-b.up.sql"),
            (["000_a.up.sql", "000_a.down.sql"], "000_a"), (["001_a.sql"], "001_a.sql"), (["-1_a.up.sql"], "-1_a"),
            (["001_.up.sql"], "001_.up.sql"), (["001_a.UP.sql"], "001_a.UP.sql"),
        ])
    func refuses(files: [String], word: String) throws {
        try withFiles(files) { (folder: String) throws in
            let error = #expect(throws: MigrationError.self) { try MigrationDirectory.read(folder) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test("The directory is found above the current one, else above the program, else the error says what to do")
    func finds() throws {
        try withFiles(["migrations/001_a.up.sql", "deep/er/x", "deep/migrations/empty"]) { (folder: String) throws in
            let expected = folder + "/migrations"
            #expect(try MigrationDirectory.find(named: nil, from: folder + "/deep/er", executable: nil) == expected)
            #expect(try MigrationDirectory.find(named: nil, from: "/", executable: folder + "/deep/er/x") == expected)
            #expect(try MigrationDirectory.find(named: expected, from: "/", executable: nil) == expected)
            #expect(throws: MigrationError.self) {
                try MigrationDirectory.find(named: folder + "/deep", from: folder, executable: nil)
            }
            let error = #expect(throws: MigrationError.self) {
                try MigrationDirectory.find(named: nil, from: "/", executable: nil)
            }
            #expect(error?.description.contains("--migrations") == true)
        }
    }

    private func withFiles(_ names: [String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "migrations-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in names {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try "-- \(name)".write(to: file, atomically: true, encoding: .utf8)
        }
        try body(folder.path)
    }
}
