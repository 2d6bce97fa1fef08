import FoundationEssentials

/// The engines of `saga dev`, which may die, and may become more or fewer while everything runs.
final class DevEngines {
    /// How many there may be.
    static let allowed = 1...24
    /// From the end of one to its next start.
    private static let pause = Duration.seconds(2)

    private let request: String
    private let firstPort: Int
    private let tell: @Sendable (String, String) -> Void
    private let make: (_ name: String, _ port: Int) -> DevProcess
    private var running: [DevProcess] = []
    /// When one that ended is started again, by its place.
    private var restartAt: [Int: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - folder: where the file `engines` is looked for.
    ///   - make: an engine that has not been started.
    init(
        folder: String, firstPort: Int, tell: @escaping @Sendable (String, String) -> Void,
        make: @escaping (_ name: String, _ port: Int) -> DevProcess
    ) {
        request = "\(folder)/engines"
        self.firstPort = firstPort
        self.tell = tell
        self.make = make
    }

    var count: Int { running.count }

    /// Starts so many, and waits until they are ready.
    func start(_ count: Int) async throws {
        // What was asked for the last time does not count any more.
        try? FileManager.default.removeItem(atPath: request)
        for _ in 0..<count { try await startAnother() }
    }

    private func startAnother() async throws {
        let place = running.count
        try await Port.requireFree(firstPort + place, for: "an engine")
        running.append(engine(place))
        try await begin(place)
    }

    private func engine(_ place: Int) -> DevProcess { make("engine-\(place + 1)", firstPort + place) }

    private func begin(_ place: Int) async throws {
        try await running[place].begin { await Port.answers("http://127.0.0.1:\(self.firstPort + place)/ready") }
    }

    /// Starts those again that ended, and has as many as the file says.
    ///
    /// - Throws: when one does not start.
    func look() async throws {
        for place in running.indices {
            guard let ending = running[place].ending else { continue }
            guard let due = restartAt[place] else {
                tell(running[place].name, "ended: \(ending); it is started again")
                restartAt[place] = .now + Self.pause
                continue
            }
            guard due <= .now else { continue }
            restartAt[place] = nil
            running[place] = engine(place)
            try await begin(place)
            tell(running[place].name, "is ready again")
        }
        guard let text = try? String(contentsOfFile: request, encoding: .utf8) else { return }
        try? FileManager.default.removeItem(atPath: request)
        guard let wanted = Int(text.prefix { $0.isNumber }), Self.allowed.contains(wanted) else {
            tell("engines", "the number of engines lies within 1...24")
            return
        }
        do { try await adjust(to: wanted) } catch {
            // Those that there are go on.
            tell("engines", "\(error)")
        }
        tell("engines", "there are \(count) now")
    }

    private func adjust(to wanted: Int) async throws {
        while running.count < wanted {
            do { try await startAnother() } catch {
                if running.last?.ending != nil { running.removeLast() }
                throw error
            }
        }
        while running.count > wanted {
            await running.removeLast().stop()
            restartAt[running.count] = nil
        }
    }

    /// All at once.
    func stop() async {
        await withTaskGroup { group in
            for engine in running { group.addTask { await engine.stop() } }
        }
        running = []
    }
}
