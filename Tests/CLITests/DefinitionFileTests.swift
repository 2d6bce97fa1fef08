@testable import CLI
import Core
import Documents
import Foundation
import Testing

/// A folder that is gone after its test.
struct Folder {
    let path: String

    static func with<Value>(_ body: (Folder) throws -> Value) throws -> Value {
        let path = FileManager.default.temporaryDirectory.appending(path: "cli-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(Folder(path: path))
    }

    /// Writes a file and returns its path.
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

@Suite("Definitions in files")
struct DefinitionFileTests {
    private static let yaml = """
        name: w
        version: 1.0.0
        steps:
          - id: a
            action: { participant: p, path: /x }
        """
    private static let json =
        #"{"name": "w", "version": "1.0.0", "steps": [{"id": "a", "action": {"participant": "p", "path": "/x"}}]}"#

    @Test("A file is read as what its name says, standard input and others as what they begin like")
    func kinds() throws {
        for (name, text) in [
            ("w.yaml", Self.yaml), ("w.yml", Self.yaml), ("w.json", Self.json), ("w.yaml", Self.json),
            ("-", Self.json), ("-", Self.yaml), ("w", Self.json), ("w.txt", "\n " + Self.json),
        ] {
            let file = CheckedFile(try DocumentFile(path: name, bytes: Array(text.utf8)))
            #expect(file.definition?.name == "w", "\(name): \(file.faults)")
        }
        for text in [Self.yaml, Self.json.replacing("{\"name\"", with: "{\n# no comment in JSON\n\"name\"")] {
            #expect(throws: DocumentFile.Problem.self) { try DocumentFile(path: "w.json", bytes: Array(text.utf8)) }
        }
    }

    @Test("A folder's definitions are its JSON and YAML files, without the cases beside them")
    func foldersWithCases() throws {
        try Folder.with { folder in
            for name in ["b.yaml", "a.json", "c.yml", "b.cases.yaml", "a.cases.json", "notes.txt", "cases.yaml"] {
                _ = try folder.file(name, Self.yaml)
            }
            let names = DocumentFile.list(folder.path).map { String($0.split(separator: "/").last ?? "") }
            #expect(names == ["a.json", "b.yaml", "c.yml", "cases.yaml"])
        }
    }

    @Test("What is wrong is told with the line of its place, in YAML and in JSON")
    func lines() throws {
        let yaml = Self.yaml.replacing("path: /x", with: "path: x").replacing("1.0.0", with: "1.0")
        let json =
            "{\n\"name\": \"w\",\n\"version\": 1.0,\n\"steps\": [{\"id\": \"a\", \"action\":\n"
            + "{\"participant\": \"p\",\n\"path\": \"x\"}}]}"
        for (name, text, places) in [
            ("w.yaml", yaml, [(2, 1), (5, 31)]), ("w.json", json, [(3, 1), (6, 1)]),
        ] {
            let file = CheckedFile(try DocumentFile(path: name, bytes: Array(text.utf8)))
            #expect(file.definition == nil)
            #expect(file.faults.map(\.pointer) == ["/version", "/steps/0/action/path"])
            #expect(file.faults.map { $0.at?.line } == places.map(\.0), "\(name)")
            #expect(file.faults.map { $0.at?.column } == places.map(\.1), "\(name)")
        }
        let lines = CheckedFile.lines(CheckedFile(try DocumentFile(path: "w.yaml", bytes: Array(yaml.utf8))).faults)
        #expect(lines[0].hasPrefix("  2:1   /version: "), "\(lines)")
        #expect(lines[1].hasPrefix("  5:31  /steps/0/action/path: "), "\(lines)")
        let broken = #"{"name": "w",,}"#
        #expect {
            try DocumentFile(path: "w.json", bytes: Array(broken.utf8))
        } throws: {
            let place = ($0 as? DocumentFile.Problem)?.place
            return place?.line == 1 && place?.column == 14
        }
    }

    @Test("A folder stands for its definitions in the order of their names, and a missing file is told")
    func folders() throws {
        try Folder.with { folder in
            _ = try folder.file("b.yaml", Self.yaml)
            _ = try folder.file("a.json", Self.json)
            _ = try folder.file("c.yml", "name: [")
            _ = try folder.file("README.md", "no definition")
            let files = DocumentFile.list(folder.path)
            #expect(files.map { $0.split(separator: "/").last } == ["a.json", "b.yaml", "c.yml"])
            #expect(files.map { CheckedFile(path: $0).definition != nil } == [true, true, false])
            let missing = CheckedFile(path: "\(folder.path)/none.yaml")
            #expect(missing.definition == nil && missing.faults.map(\.detail) == ["The file can't be read."])
        }
    }

    @Test("Pointers are read as they are written", arguments: ["", "/a", "/a~1b/0", "/~0~1", "/a/", "/é/~01"])
    func pointers(text: String) { #expect(JSONPointer(text: text).description == text) }

    @Test(
        "What saga workflow init writes is valid, under any name",
        arguments: ["my-order", "true", "null", "7", "1e3", "0x1f", "a"])
    func skeleton(name: String) throws {
        let file = CheckedFile(try DocumentFile(path: "w.yaml", bytes: Array(Skeleton.text(name: name).utf8)))
        #expect(file.definition?.name == name, "\(CheckedFile.lines(file.faults))")
        #expect(
            file.definition?.steps.count == 2 && file.definition?.steps.allSatisfy { $0.compensation != nil } == true)
        #expect(file.definition?.steps[1].condition != nil)
    }
}

@Suite("Two definitions side by side")
struct DefinitionDiffTests {
    private static func diff(_ before: JSON, _ after: JSON) -> DefinitionDiff { DefinitionDiff(before, after) }

    @Test("Order of members and layout are no difference, order of steps and numbers' texts are")
    func same() {
        let one: JSON = ["name": "w", "steps": [["id": "a", "n": 1], ["id": "b"]]]
        #expect(Self.diff(one, ["steps": [["n": 1, "id": "a"], ["id": "b"]], "name": "w"]).isEmpty)
        #expect(!Self.diff(one, ["name": "w", "steps": [["id": "b"], ["id": "a", "n": 1]]]).isEmpty)
        #expect(!Self.diff(one, ["name": "w", "steps": [["id": "a", "n": 1.5], ["id": "b"]]]).isEmpty)
    }

    @Test("A step put in between is added lines only, although its members come in another order")
    func added() {
        let before: JSON = ["steps": [["id": "a", "action": ["path": "/a"]], ["id": "c", "action": ["path": "/c"]]]]
        let after: JSON = [
            "steps": [
                ["action": ["path": "/a"], "id": "a"], ["id": "b", "action": ["path": "/b"]],
                ["action": ["path": "/c"], "id": "c"],
            ]
        ]
        let diff = Self.diff(before, after)
        #expect(diff.json.allSatisfy { $0["change"] == "added" }, "\(diff.text(Paint(isOn: false)))")
        #expect(diff.text(Paint(isOn: false)).contains(#"+       "id": "b","#), "\(diff.text(Paint(isOn: false)))")
    }

    @Test("What is far from a change is left out, and both lines of it are shown")
    func context() {
        func definition(_ path: String) -> JSON {
            ["steps": .array((0..<30).map { ["id": "s\($0)", "action": ["path": .string($0 == 15 ? path : "/p")]] })]
        }
        let text = Self.diff(definition("/old"), definition("/new")).text(Paint(isOn: false))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 10 && lines[0] == "  …", "\(text)")
        #expect(lines.contains { $0.hasPrefix("- ") && $0.contains("/old") })
        #expect(lines.contains { $0.hasPrefix("+ ") && $0.contains("/new") })
    }
}
