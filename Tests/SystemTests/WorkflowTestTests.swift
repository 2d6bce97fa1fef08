import Core
import Foundation
import TestSupport
import Testing

@Suite("saga workflow test", .timeLimit(.minutes(2)))
struct WorkflowTestTests {
    /// A folder with the definition of `saga workflow init` and the cases of docs/cli.md.
    private static func with(_ body: (Tool, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cases-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let saga = try Tool("saga")
        #expect(try await saga.run(["workflow", "init", "\(folder)/my-order.yaml"]).exitCode == 0)
        try write(try documented(), to: "\(folder)/my-order.cases.yaml")
        try await body(saga, folder)
    }

    private static func documented() throws -> String {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/cli.md").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "### Cases\n").last)
        return section.components(separatedBy: "```yaml\n")[1].components(separatedBy: "```")[0]
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test("The cases of the documentation pass, in text, JSON and JUnit's XML")
    func documented() async throws {
        try await Self.with { saga, folder in
            let passed = try await saga.run(["workflow", "test", "\(folder)/my-order.yaml"])
            #expect(
                passed.exitCode == 0 && passed.output.contains("2 cases of my-order 1.0.0, all as expected"),
                "\(passed)")
            let json = try await saga.run(["workflow", "test", "\(folder)/my-order.yaml", "-o", "json"])
            #expect(json.json["cases"]?.array?.map { $0["passed"] } == [true, true], "\(json)")
            let junit = try await saga.run(
                ["workflow", "test", "\(folder)/my-order.yaml", "--junit", "\(folder)/junit.xml"])
            #expect(junit.exitCode == 0)
            let xml = try String(contentsOfFile: "\(folder)/junit.xml", encoding: .utf8)
            #expect(xml.contains("tests=\"2\" failures=\"0\"") && xml.contains("name=\"all goes well\""))
            let piped = try await saga.run(["workflow", "test", "\(folder)/my-order.yaml", "--junit", "-"])
            #expect(piped.output == xml)
        }
    }

    @Test("A case that fails says what happened; files that can't be used say where")
    func fails() async throws {
        try await Self.with { saga, folder in
            let other = try Self.documented().replacing("undone: [charge-payment]", with: "undone: []")
            try Self.write(other, to: "\(folder)/other.yaml")
            let failed = try await saga.run([
                "workflow", "test", "\(folder)/my-order.yaml", "--cases", "\(folder)/other.yaml",
            ])
            #expect(
                failed.exitCode == 1 && failed.output.contains("undone is [\"charge-payment\"], expected []."),
                "\(failed)")
            #expect(failed.output.contains("attempt_failed charge-payment #1 unknown"), "\(failed)")
            try Self.write("cases:\n  - expect: { state: DONE }\n", to: "\(folder)/bad.yaml")
            let bad = try await saga.run([
                "workflow", "test", "\(folder)/my-order.yaml", "--cases", "\(folder)/bad.yaml",
            ])
            #expect(
                bad.exitCode == 64 && bad.errors.contains("line 2, column 15")
                    && bad.errors.contains("/cases/0/expect/state"),
                "\(bad)")
            try FileManager.default.removeItem(atPath: "\(folder)/my-order.cases.yaml")
            let none = try await saga.run(["workflow", "test", "\(folder)/my-order.yaml"])
            #expect(none.exitCode == 64 && none.errors.contains("no cases"), "\(none)")
            try Self.write("name: x\n", to: "\(folder)/refused.yaml")
            let refused = try await saga.run(["workflow", "test", "\(folder)/refused.yaml", "--explore"])
            #expect(refused.exitCode == 1 && refused.errors.contains("refused"), "\(refused)")
        }
    }

    @Test("Exploring finds every kind of end, with the bodies that the cases know, and an effect that nobody undoes")
    func explores() async throws {
        try await Self.with { saga, folder in
            let explored = try await saga.run([
                "workflow", "test", "\(folder)/my-order.yaml", "--explore", "-o", "json",
            ])
            let ends = explored.json["exploration"]?["ends"]?.array?.compactMap { $0["what"]?.string } ?? []
            #expect(explored.exitCode == 0 && explored.json["exploration"]?["isCut"] == false, "\(explored)")
            #expect(
                Set(ends) == [
                    "COMPLETED", "COMPENSATED", "FAILED: the compensation of charge-payment gave up",
                    "FAILED: the compensation of reserve-inventory gave up",
                ])
            let text = try String(contentsOfFile: "\(folder)/my-order.yaml", encoding: .utf8)
            let cut = try #require(text.firstRange(of: "    # Called when the run is undone"))
            let rest = try #require(text.firstRange(of: "  - id: reserve-inventory"))
            try Self.write(String(text[..<cut.lowerBound] + text[rest.lowerBound...]), to: "\(folder)/gap.yaml")
            let found = try await saga.run(
                ["workflow", "test", "\(folder)/gap.yaml", "--explore", "--input", #"{"sku": "book"}"#])
            #expect(found.exitCode == 1, "\(found)")
            #expect(
                found.output.contains("FOUND The effect of charge-payment stands, and nobody undoes it"), "\(found)")
            #expect(found.output.contains("after: charge-payment unanswered 5 times"), "\(found)")
            let strict = try await saga.run(["workflow", "validate", "--strict", "\(folder)/gap.yaml"])
            #expect(
                strict.exitCode == 1 && strict.output.contains("warning  /steps/0: charge-payment has no compensation"),
                "\(strict)")
            #expect(try await saga.run(["workflow", "validate", "--strict", "\(folder)/my-order.yaml"]).exitCode == 0)
        }
    }
}
