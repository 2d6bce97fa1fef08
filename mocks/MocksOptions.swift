internal import ArgumentParser
internal import Core
internal import FoundationEssentials
internal import Logging

/// What can be set from outside; read once, checked before anything starts.
struct MocksOptions: ParsableArguments {
    @Option(help: "The first participant's port; the others follow. 0 takes free ports.")
    var portBase = 3001

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(
        name: .customLong("database-url"),
        help: "A database whose role may create others. Without it, the environment's DATABASE_URL.")
    var givenDatabaseURL: String?

    @Option(help: "What the names of the participants' databases begin with.")
    var databasePrefix = "mock_"

    @Option(help: "Connections to each participant's database at most.")
    var connections = 4

    @Option(help: "Serve only these, separated by commas.", transform: { $0.split(separator: ",").map(String.init) })
    var only: [String]?

    @Option(help: "The share of calls that answer 500, half of them after the effect: 0 to 1.")
    var injectFailure = 0.0

    @Option(
        help: "Added to every call, as in 50ms.",
        transform: { text in
            if text == "0" { return .zero }
            guard let duration = Duration(text) else { throw ValidationError("A latency is written as in 50ms.") }
            return duration
        })
    var latency = Duration.zero

    @Option(help: "Makes the injected failures reproducible.")
    var seed: UInt64 = 1

    @Option(
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("\(text) is no log level.") }
            return level
        })
    var logLevel = Logger.Level.info

    /// The administrative database.
    var databaseURL: String { givenDatabaseURL ?? Self.environmentURL ?? "" }

    private static var environmentURL: String? { ProcessInfo.processInfo.environment["DATABASE_URL"] }

    /// Whether this process serves the participant.
    func serves(_ participant: Participant) -> Bool { only?.contains(participant.name) ?? true }

    mutating func validate() throws {
        let names = Participant.all.map(\.name)
        guard !databaseURL.isEmpty else { throw ValidationError("Give --database-url or set DATABASE_URL.") }
        guard (0...65_535 - names.count).contains(portBase) else {
            throw ValidationError("--port-base lies within 0...\(65_535 - names.count).")
        }
        guard (1...100).contains(connections) else { throw ValidationError("--connections lies within 1...100.") }
        guard (0...1).contains(injectFailure) else { throw ValidationError("--inject-failure lies within 0...1.") }
        if let unknown = only?.first(where: { !names.contains($0) }) {
            throw ValidationError("--only knows \(names.joined(separator: ", ")), not \(unknown).")
        }
        // It goes into CREATE DATABASE as it is.
        let isPlain = databasePrefix.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
        guard isPlain, databasePrefix.utf8.count <= 40, databasePrefix.utf8.first.map({ $0 &- 0x30 >= 10 }) ?? true
        else {
            throw ValidationError("--database-prefix has up to 40 of a-z, 0-9 and _, and begins with no digit.")
        }
    }
}
