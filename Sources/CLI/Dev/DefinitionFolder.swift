import Core
import FoundationEssentials
import Glibc

/// A folder of definitions that are registered whenever they change.
final class DefinitionFolder {
    private let folder: String
    private let saga: String
    private let environment: [String: String]
    private let tell: @Sendable (String, String) -> Void
    /// When each file was seen last, by name.
    private var seen: [String: Date] = [:]
    private var lookedAt: ContinuousClock.Instant?

    init(
        _ folder: String, programs: String, environment: [String: String],
        tell: @escaping @Sendable (String, String) -> Void
    ) {
        self.folder = folder
        saga = "\(programs)/saga"
        self.environment = environment
        self.tell = tell
    }

    /// The demo's definitions, found upwards from here or from the programs; nil when they are nowhere.
    static func demoWorkflows(beside programs: String) -> String? {
        for start in [FileManager.default.currentDirectoryPath, programs] {
            var folder = start
            while folder.contains("/") {
                let found = "\(folder)/mocks/workflows"
                if FileManager.default.fileExists(atPath: found) { return found }
                folder = String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex))
            }
        }
        return nil
    }

    /// Registers what has changed since the last look; at most once a second.
    func look() async {
        let now = ContinuousClock.now
        if let lookedAt, now - lookedAt < .seconds(1) { return }
        lookedAt = now
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        for name in names where DocumentFile.isDefinition(name) {
            guard
                let changed = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate]
                    as? Date,
                seen[name] != changed
            else { continue }
            seen[name] = changed
            await register(name)
        }
    }

    private func register(_ name: String) async {
        let applied = await DevProcess.run(
            saga, ["workflow", "apply", "--next-patch", "\(folder)/\(name)"], environment)
        for line in (applied.problem ?? applied.output).split(separator: "\n") { tell("workflows", String(line)) }
    }
}
