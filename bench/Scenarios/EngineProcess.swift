import ArgumentParser
import Core

/// An engine that may be killed, as `ID=PID`: its id in the table `engines`, and its process.
struct EngineProcess: ExpressibleByArgument, Sendable {
    let id: EngineID
    let pid: Int32

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let id = EngineID(parts[0]), let pid = Int32(parts[1]), pid > 1 else { return nil }
        self.id = id
        self.pid = pid
    }
}
