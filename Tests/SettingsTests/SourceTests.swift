import Foundation
import Settings
import Testing

@Suite("A setting comes from the strongest source that has it, and from nowhere else")
struct SourceTests {
    /// Reads `lease` (10s by default) and ends.
    private static func lease(
        _ folder: Folder, _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) throws -> Duration {
        var settings = Settings(
            program: "sagaflow-engine", about: "tests", arguments: ["sagaflow-engine"] + arguments,
            environment: ["SECRETS_DIR": folder.path].merging(environment) { $1 })
        let lease = try settings.duration("lease", default: .seconds(10), in: .seconds(1) ... .seconds(60), help: "x")
        _ = try settings.integer("max.in.flight", default: 5, in: 1...9, help: "x")
        try settings.finish()
        return lease
    }

    @Test("Flags over variables over files of secrets over the YAML file over the default")
    func order() throws {
        try Folder.with { folder in
            let yaml = try folder.write("c.yaml", "lease: 2s")
            #expect(try Self.lease(folder) == .seconds(10))
            #expect(try Self.lease(folder, ["--config", yaml]) == .seconds(2))
            #expect(try Self.lease(folder, [], ["SAGAFLOW_CONFIG": yaml]) == .seconds(2))
            try folder.write("lease", "3s\n")
            #expect(try Self.lease(folder, ["--config", yaml]) == .seconds(3))
            #expect(try Self.lease(folder, ["--config", yaml], ["LEASE": "4s"]) == .seconds(4))
            #expect(try Self.lease(folder, ["--config", yaml, "--lease", "5s"], ["LEASE": "4s"]) == .seconds(5))
            #expect(try Self.lease(folder, ["--config", yaml, "--lease=6s"], ["LEASE": "4s"]) == .seconds(6))
            #expect(try Self.lease(folder, [], ["LEASE": ""]) == .seconds(3), "an empty variable is not there")
        }
    }

    @Test("A file of secrets may be called by its variable, be a symbolic link, and be named by a variable with _FILE")
    func files() throws {
        try Folder.with { folder in
            try folder.write("LEASE", "3s")
            #expect(try Self.lease(folder) == .seconds(3))
            // As Kubernetes mounts them.
            let real = try folder.write("..data", "4s")
            try FileManager.default.removeItem(atPath: folder.path + "/LEASE")
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/lease", withDestinationPath: real)
            #expect(try Self.lease(folder) == .seconds(4))
            let named = try folder.write("anything", " 7s \n")
            #expect(try Self.lease(folder, [], ["LEASE_FILE": named]) == .seconds(7))
            Self.refused("LEASE_FILE") { try Self.lease(folder, [], ["LEASE_FILE": named, "LEASE": "8s"]) }
            Self.refused("No such file") { try Self.lease(folder, [], ["LEASE_FILE": folder.path + "/none"]) }
            Self.refused("no folder") { try Self.lease(folder, [], ["SECRETS_DIR": folder.path + "/none"]) }
        }
    }

    @Test(
        "YAML may be nested or have points, hold lists, and speak to one program only",
        arguments: [
            ("max:\n  in:\n    flight: 7", "max.in.flight", "7"), ("max.in.flight: 7", "max.in.flight", "7"),
            ("max: {in.flight: '7'}", "max.in.flight", "7"), ("hosts: [a, b]", "hosts", "a,b"),
            ("hosts:\n  - a\n  - b", "hosts", "a,b"), ("hosts: a,b", "hosts", "a,b"),
            ("hosts: x\nsagaflow-engine:\n  hosts: y\nsagaflow-api:\n  prot: 1", "hosts", "y"),
            ("hosts:", "hosts", "none"),
        ])
    func yaml(text: String, key: String, expected: String) throws {
        try Folder.with { folder in
            let file = try folder.write("c.yaml", text)
            var settings = Settings(
                program: "sagaflow-engine", about: "tests", arguments: ["x", "--config", file], environment: [:])
            #expect(try settings.text(key, default: "none", help: "x") == expected)
            try settings.finish()
        }
    }

    @Test(
        "What no setting is called is refused with its place",
        arguments: [
            ("laese: 2s", "laese"), ("max:\n  in:\n    flihgt: 7", "max.in.flihgt"),
            ("sagaflow-engine:\n  prot: 7", "sagaflow-engine.prot"), ("config: x", "config"),
            ("lease: 2s\nlease: 3s", "twice"), ("lease: 2s\nsub: {lease: [}", "line"), ("- lease", "no YAML file"),
            ("max.in.flight: 7\nmax: {in: {flight: 8}}", "max.in.flight twice"),
        ])
    func unknownKeys(text: String, says: String) throws {
        try Folder.with { folder in
            let file = try folder.write("c.yaml", text)
            Self.refused(says) { try Self.lease(folder, ["--config", file]) }
        }
    }

    @Test(
        "Flags that are none, without a value, or in the wrong place are refused",
        arguments: [
            (["--laese", "2s"], "--laese"), (["--lease"], "needs a value"), (["--lease="], "needs a value"),
            (["2s"], "belongs to no option"), (["--lease", "2s", "3s"], "LEASE"),
            (["-l", "3s"], "belongs to no option"),
            (["--lease", "2s", "--lease", "3s"], "LEASE"), (["--config", "/no/such/file"], "No such file"),
        ])
    func flags(arguments: [String], says: String) throws {
        try Folder.with { folder in Self.refused(says) { try Self.lease(folder, arguments) } }
    }

    @Test("White space around a value is dropped wherever it comes from: nobody sees a line feed at a secret's end")
    func whiteSpace() throws {
        try Folder.with { folder in
            let yaml = try folder.write("c.yaml", "lease: \" 2s\\n\"")
            #expect(try Self.lease(folder, ["--config", yaml]) == .seconds(2))
            try folder.write("lease", "\t3s\r\n")
            #expect(try Self.lease(folder) == .seconds(3))
            #expect(try Self.lease(folder, [], ["LEASE": "4s\n"]) == .seconds(4))
            #expect(try Self.lease(folder, [], ["LEASE": " \n"]) == .seconds(3), "white space alone is not there")
            #expect(try Self.lease(folder, ["--lease", " 5s\n"]) == .seconds(5))
            Self.refused("needs a value") { try Self.lease(folder, ["--lease", " "]) }
        }
    }

    @Test("An error names the key, the value and the source it came from")
    func blame() throws {
        try Folder.with { folder in
            let yaml = try folder.write("c.yaml", "sagaflow-engine: {lease: 99s}")
            Self.refused("--lease (LEASE) is \"99s\", set by sagaflow-engine.lease in \(yaml), but") {
                try Self.lease(folder, ["--config", yaml])
            }
            Self.refused("set by the environment variable LEASE") { try Self.lease(folder, [], ["LEASE": "x"]) }
            Self.refused("set by the flag --lease") { try Self.lease(folder, ["--lease", "x"]) }
            let file = try folder.write("lease", "x")
            Self.refused("set by the file \(file)") { try Self.lease(folder) }
        }
    }

    static func refused<Value>(_ says: String, _ body: () throws -> Value) {
        let error = #expect(throws: SettingsError.self) { try body() }
        let text = error?.description ?? ""
        #expect(text.contains(says), "\(text)")
    }
}

/// A folder that is gone afterwards.
struct Folder {
    let path: String

    static func with(_ body: (Folder) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(Folder(path: url.path))
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }
}
