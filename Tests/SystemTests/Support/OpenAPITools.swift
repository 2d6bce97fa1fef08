import Foundation
import TestSupport

/// What others have written that understands OpenAPI and JSON Schema: programs of the Python named by TEST_OPENAPI_PYTHON.
enum OpenAPITools {
    struct NotConfigured: Error, CustomStringConvertible {
        let description =
            "TEST_OPENAPI_PYTHON is not set: it must name a Python that has what scripts/lib/openapi-requirements.txt lists"
    }

    private static var python: String {
        get throws {
            guard let python = ProcessInfo.processInfo.environment["TEST_OPENAPI_PYTHON"] else { throw NotConfigured() }
            return python
        }
    }

    /// Runs a script to its end.
    static func run(script: String, _ arguments: [String] = []) async throws -> Tool.Outcome {
        try await Tool(Program(path: python)).run(["-c", script] + arguments)
    }

    /// Runs a module to its end.
    static func run(module: String, _ arguments: [String]) async throws -> Tool.Outcome {
        try await Tool(Program(path: python)).run(["-m", module] + arguments)
    }

    /// Runs a program that was installed with the Python.
    static func run(
        program: String, _ arguments: [String], _ environment: [String: String]
    ) async throws -> Tool.Outcome {
        let path = URL(filePath: try python).deletingLastPathComponent().appending(path: program).path
        return try await Tool(Program(path: path), environment: environment).run(arguments)
    }

    /// A folder for the time of `body`.
    static func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "openapi-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(folder)) } catch { outcome = .failure(error) }
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }
}
