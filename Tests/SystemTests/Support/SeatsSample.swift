import Foundation
import TestSupport
import Testing

/// The whole participants of `examples/participants`, which all do the same: seats of a show.
enum SeatsSample: String, Sendable {
    case python = "seats.py"
    case node = "seats.mjs"
    case go = "seats.go"

    /// How many seats there are at first.
    static let seats = 1000

    static let folder = Document.root.appending(path: "examples/participants")

    /// What runs it; nil where that is not on this machine.
    var toolchain: Program? {
        switch self {
        case .python: Program.python
        case .node: try? Program(installed: "node")
        case .go: try? Program(installed: "go")
        }
    }

    /// Why it is not run here.
    var skipped: Comment { "\(rawValue) is not run: there is nothing in PATH to run it with" }

    /// Its data are lines that are appended to a file, of which a crash may leave half a one.
    var appendsLines: Bool { self != .python }

    /// What is to be started, and the first of its arguments. Go is compiled into `folder`: `go run` would be killed without the
    /// program that it has started.
    func command(in folder: URL) async throws -> (Program, [String]) {
        let source = Self.folder.appending(path: rawValue).path
        let toolchain = try #require(toolchain)
        guard self == .go else { return (toolchain, [source]) }
        let binary = folder.appending(path: "seats")
        let log = folder.appending(path: "go.log")
        let build = try toolchain.start(
            ["build", "-o", binary.path, source], environment: ["GOFLAGS": "-mod=mod"], log: log)
        await build.ended.wait()
        let said = try String(contentsOf: log, encoding: .utf8)
        try #require(build.exitCode == 0, "\(said)")
        return (Program(path: binary.path), [])
    }
}

extension Program {
    /// The system's Python before one that may be somebody's project; nil where there is none.
    static var python: Program? {
        let system = "/usr/bin/python3"
        if FileManager.default.isExecutableFile(atPath: system) { return Program(path: system) }
        return try? Program(installed: "python3")
    }

    init(path: String) { self.path = path }
}
