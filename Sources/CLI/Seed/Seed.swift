import ArgumentParser
import Core
import FoundationEssentials

/// `saga seed`: the demo participants and workflows, registered with a running API.
struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Registers the demo participants and workflows.",
        discussion: """
            Registering the same again changes nothing, and a participant that somebody has registered otherwise stays as \
            it is. Exit codes: 0 all is registered, 1 refused, 64 wrong usage, 69 the API can't be reached.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Where engines find the participants, without a port.")
    var mocksURL = "http://127.0.0.1"

    @Option(help: "The first of their six ports.")
    var mocksPort = 3001

    @Option(help: "Where they were before: a participant that is still registered there moves along.")
    var formerMocksPort: Int?

    @Option(help: "The folder of the definitions, *.json, *.yaml and *.yml (default: mocks/workflows, found upwards).")
    var workflows: String?

    /// In the order of their ports.
    private static let participants = ["payments", "inventory", "notifications", "orders", "dispatch", "invoicing"]

    func validate() throws {
        guard (1...65_530).contains(mocksPort) else { throw ValidationError("--mocks-port lies within 1...65530.") }
    }

    func run() async throws {
        let definitions = try readDefinitions()
        let (registered, left) = try await api.withClient(token: try admin.token(api)) { client in
            let left = try await registerParticipants(client)
            var created = 0
            for definition in definitions {
                let answer = try await client.patiently(.post, "/v1/admin/workflows", definition)
                created += answer.status == 201 ? 1 : 0
            }
            return (created, left)
        }
        let (count, participants) = (definitions.count, Self.participants.count - left.count)
        var text = "registered \(participants) participants and \(count) workflows (\(registered) new)"
        if !left.isEmpty { text += "; left as somebody has registered them: \(left.joined(separator: ", "))" }
        output.show(
            text: text,
            json: [
                "participants": JSON(participants), "workflows": JSON(count),
                "newWorkflows": JSON(registered), "leftAsTheyAre": .array(left.map { .string($0) }),
            ])
    }

    /// Registers those that are not, and moves those that are still where the last ones were.
    ///
    /// - Returns: the names of those that somebody has registered elsewhere; they are left as they are.
    private func registerParticipants(_ client: APIClient) async throws -> [String] {
        let answer = try await client.patiently(.get, "/v1/admin/participants")
        let known = (answer.json["participants"]?.array ?? []).reduce(into: [String: JSON]()) { known, participant in
            if let name = participant["name"]?.string { known[name] = participant }
        }
        var left: [String] = []
        for (offset, name) in Self.participants.enumerated() {
            let url = "\(mocksURL):\(mocksPort + offset)"
            var wanted: JSONObject = ["url": .string(url)]
            if let known = known[name] {
                if known["url"]?.string == url { continue }
                let former = formerMocksPort.map { "\(mocksURL):\($0 + offset)" }
                // Values of headers are not shown, so one that has any can't be registered again without losing them.
                guard let former, known["url"]?.string == former, known["headerNames"]?.array?.isEmpty == true,
                    known["auth"]?.isNull ?? true
                else {
                    left.append(name)
                    continue
                }
                for member in ["maxConcurrent", "rate", "breaker", "signWith", "tls"] { wanted[member] = known[member] }
            }
            _ = try await client.patiently(.put, "/v1/admin/participants/\(name)", .object(wanted))
        }
        return left
    }

    private func readDefinitions() throws -> [JSON] {
        let folder = try self.folder()
        let files = DocumentFile.list(folder)
        guard !files.isEmpty else { throw CLIError.unusable("there are no definitions (*.json, *.yaml) in \(folder)") }
        return try files.map { path in
            do throws(DocumentFile.Problem) { return try DocumentFile(path: path).json } catch {
                throw CLIError.unusable("\(path) can't be used: \(error.sentence)")
            }
        }
    }

    /// The folder that was named, or the first `mocks/workflows` above the current folder or the program.
    private func folder() throws -> String {
        let files = FileManager.default
        if let workflows {
            guard files.fileExists(atPath: workflows) else {
                throw CLIError.unusable("there is no folder \(workflows)")
            }
            return workflows
        }
        for start in [files.currentDirectoryPath, try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe")] {
            var place = start?.split(separator: "/").map(String.init)
            while let parts = place {
                let folder = "/" + (parts + ["mocks", "workflows"]).joined(separator: "/")
                if files.fileExists(atPath: folder) { return folder }
                place = parts.isEmpty ? nil : parts.dropLast()
            }
        }
        throw CLIError.unusable("found no mocks/workflows: name the folder with --workflows")
    }
}
