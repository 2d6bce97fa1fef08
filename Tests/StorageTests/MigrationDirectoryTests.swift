import Foundation
@testable import Storage
import Testing

@Suite("A directory of migrations is read whole or refused")
struct MigrationDirectoryTests {
    @Test("Pairs numbered from 1 are read in order; other files are left alone")
    func reads() throws {
        try withFiles(["002_b.up.sql", "002_b.down.sql", "001_a_b.up.sql", "001_a_b.down.sql", "README.md"]) {
            (folder: String) throws in
            let files = try MigrationDirectory.read(folder)
            #expect(files.numbered.map(\.name) == ["001_a_b", "002_b"])
            #expect(files.numbered[0].up == "-- 001_a_b.up.sql")
            #expect(files.numbered[1].down == "-- 002_b.down.sql")
            #expect(files.repeatable.isEmpty, "there need not be a folder of them")
        }
    }

    @Test("Repeatable ones are read in the order of their names; other files, and an empty folder, are left alone")
    func readsRepeatable() throws {
        let names = ["20_a.sql", "10_z.sql", "10_a_b.sql", "README.md"].map { "repeatable/" + $0 }
        try withFiles(["001_a.up.sql", "001_a.down.sql"] + names) { (folder: String) throws in
            let files = try MigrationDirectory.read(folder)
            #expect(files.numbered.map(\.name) == ["001_a"])
            #expect(files.repeatable.map(\.title) == ["10_a_b", "10_z", "20_a"])
            #expect(files.repeatable.last?.sql == "-- repeatable/20_a.sql")
            #expect(files.repeatable.last?.fileName == "repeatable/20_a.sql")
        }
        try withFiles(["001_a.up.sql", "001_a.down.sql", "repeatable/.keep"]) { (folder: String) throws in
            #expect(try MigrationDirectory.read(folder).repeatable.isEmpty)
        }
    }

    @Test(
        "A repeatable one with a name of another form is refused by name",
        arguments: [
            "1_a.sql", "010_a.sql", "10-a.sql", "10_.sql", "10.sql", "a.sql", "10_a.b.sql", "10_a.up.sql", "1x_a.sql",
            ".sql",
        ])
    func refusesRepeatable(name: String) throws {
        try withFiles(["001_a.up.sql", "001_a.down.sql", "repeatable/" + name]) { (folder: String) throws in
            let error = #expect(throws: MigrationError.self) { try MigrationDirectory.read(folder) }
            #expect(error?.description.contains("repeatable/\(name) ") == true, "\(String(describing: error))")
        }
    }

    @Test("A file in the place of the folder of repeatable ones is no missing folder")
    func unreadableRepeatable() throws {
        try withFiles(["001_a.up.sql", "001_a.down.sql", "repeatable"]) { (folder: String) throws in
            let error = #expect(throws: MigrationError.self) { try MigrationDirectory.read(folder) }
            #expect(error?.description.contains("/repeatable") == true, "\(String(describing: error))")
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
