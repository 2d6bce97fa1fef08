@testable import CLI
import Core
import Foundation
import NIOCore
import Testing

@Suite("An import is told rightly")
struct ImportTests {
    private static let problem: JSON = ["title": "No.", "detail": "Not this one."]

    @Test("Lines are counted by what became of them, under the numbers they have in the file")
    func counts() throws {
        var report = ImportReport(workflow: "w", first: 101)
        #expect(try report.add(["line": 1, "status": 202, "runId": "a", "runStatus": "PENDING"]) == nil)
        #expect(try report.add(["line": 2, "status": 202, "runId": "b", "replayed": true]) == nil)
        #expect(report.isComplete)
        let refused = try #require(try report.add(["line": 4, "status": 422, "problem": Self.problem]))
        #expect(refused["line"] == 104)
        #expect(ImportReport.sentence(refused) == "line 104 refused with 422: Not this one.")
        #expect(report.progress == "3 lines answered, 1 refused")
        #expect(!report.isComplete)
        let json = report.json(after: .seconds(2))
        #expect(json["started"] == 1 && json["replayed"] == 1 && json["refused"] == 1 && json["lines"] == 3)
        #expect(json["resumeFrom"] == .null)
    }

    @Test("An import that ended early says with which line of the file to go on")
    func early() throws {
        var report = ImportReport(workflow: "w", first: 101)
        #expect(try report.add(["line": 1, "status": 202]) == nil)
        #expect(try report.add(["resumeFrom": 2, "status": 503, "problem": Self.problem]) == nil)
        #expect(report.end?.resumeFrom == 102)
        #expect(report.refused == 0 && !report.isComplete)
        var broken = ImportReport(workflow: "w", first: 101)
        #expect(try broken.add(["line": 7, "status": 202]) == nil)
        broken.breakOff("gone")
        #expect(broken.end?.resumeFrom == 108)
        #expect(throws: CLIError.self) { try broken.add([:]) }
        #expect(throws: CLIError.self) { try broken.add(["status": 202]) }
    }

    @Test("A file is read from any of its lines on", arguments: [1, 2, 3, 50_000, 100_000, 100_001, 200_000])
    func from(first: Int) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lines = (1...100_000).map { "\($0)\n" }
        try Data(lines.joined().utf8).write(to: URL(filePath: path))
        let file = try LineFile(path: path, from: first)
        defer { file.close() }
        var text = ""
        for try await piece in file { text += String(buffer: piece) }
        #expect(text == lines.dropFirst(first - 1).joined())
    }

    @Test("A file that can't be read or written is told before anything is sent")
    func unusable() {
        #expect(throws: CLIError.self) { try LineFile(path: "/no/such/file", from: 1) }
        #expect(throws: CLIError.self) { try ResultFile(path: "/no/such/folder/file") }
    }

    @Test("A reader of a pipe that nobody fills ends when nobody wants more")
    func cancelled() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #require(mkfifo(path, 0o600) == 0)
        // Both ends are open, so that neither opening nor reading tells of an end.
        let filler = open(path, O_RDWR)
        defer { close(filler) }
        let file = try LineFile(path: path, from: 1)
        defer { file.close() }
        async let pieces = file.reduce(0) { count, _ in count + 1 }
        file.cancel()
        #expect(try await pieces == 0)
    }
}
