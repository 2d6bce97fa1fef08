import Foundation
import Testing

/// An API with an empty database, a folder for files, and `saga` told where both are.
struct CommandLineSystem {
    /// `saga` with these arguments, run to its end.
    typealias Saga = (_ arguments: String...) async throws -> Tool.Outcome

    let deployment: Deployment
    let port: Int
    /// Gone after the test.
    let folder: String

    static func with(_ body: (CommandLineSystem, Saga) async throws -> Void) async throws {
        try await Deployment.with { deployment in
            let folder = FileManager.default.temporaryDirectory.appending(path: "verbs-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let system = CommandLineSystem(deployment: deployment, port: try Ports.take(), folder: folder)
            try await deployment.startAPI("api", port: system.port, ["--admin-burst", "500", "--admin-rate", "500/1s"])
            let tool = try Tool("saga", environment: system.environment)
            try await body(system) { (arguments: String...) in try await tool.run(arguments) }
        }
    }

    /// Without what the user who runs the tests may have.
    var environment: [String: String] {
        [
            "SAGAFLOW_URL": "http://127.0.0.1:\(port)", "SAGAFLOW_ADMIN_TOKEN": Deployment.adminToken,
            "HOME": folder, "XDG_CONFIG_HOME": "", "SAGAFLOW_PROFILE": "", "SAGAFLOW_PROFILES": "",
            "DATABASE_URL": "", "COLUMNS": "",
        ]
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path(name))) }
}
