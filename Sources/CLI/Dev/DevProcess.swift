import Glibc
import Subprocess
import Synchronization

/// A process of `saga dev`: what it prints is told line by line, and it is stopped politely.
final class DevProcess: Sendable {
    /// As whom a program runs.
    typealias User = (id: uid_t, group: gid_t)

    let name: String
    private let words: [String]
    private let options: PlatformOptions
    private let tell: @Sendable (String, String) -> Void
    private let state = Mutex<(task: Task<Void, Never>?, ending: String?)>((nil, nil))

    /// - Parameters:
    ///   - environment: besides this process's own.
    ///   - user: nil for the same.
    ///   - signal: what stops it.
    init(
        name: String, path: String, arguments: [String], environment: [String: String], user: User? = nil,
        signal: Signal = .terminate, tell: @escaping @Sendable (String, String) -> Void
    ) {
        self.name = name
        self.tell = tell
        words = Self.words(path, arguments, environment, user)
        var options = PlatformOptions()
        // Ctrl-C is for this program alone, which stops the others in their order.
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: signal, allowedDurationToNextStep: .seconds(20))]
        self.options = options
    }

    /// For `env`, which becomes the program. Another user may not be allowed into the current folder.
    ///
    /// `setpriv` becomes the other user, and not this process's copy before it is the program: where threads begin and end,
    /// setuid() in a copy that was made by clone() may wait for one of them for ever.
    private static func words(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ user: User?
    ) -> [String] {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        guard let user else { return variables + [path] + arguments }
        let change = ["setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups"]
        return ["-C", "/"] + variables + change + [path] + arguments
    }

    /// Why it ended; nil while it runs.
    var ending: String? { state.withLock { $0.ending } }

    func start() {
        let task = Task { [self] in
            let ending: String
            do {
                let result = try await Subprocess.run(
                    .name("env"), arguments: Arguments(words), platformOptions: options, input: .none,
                    output: .sequence,
                    error: .combinedWithOutput
                ) { execution in
                    for try await line in execution.standardOutput.strings(bufferingPolicy: .unbounded) {
                        tell(name, line.last?.isNewline == true ? String(line.dropLast()) : line)
                    }
                }
                ending = "\(result.terminationStatus)"
            } catch {
                ending = "\(error)"
            }
            state.withLock { $0.ending = ending }
        }
        state.withLock { $0.task = task }
    }

    /// Starts it and waits until it is ready, for a minute.
    ///
    /// - Throws: when it ended meanwhile, or is not ready by then.
    func begin(isReady: () async -> Bool) async throws {
        start()
        let giveUpAt = ContinuousClock.now + .seconds(60)
        while await !isReady() {
            if let ending { throw CLIError.unusable("\(name) ended at once: \(ending)") }
            guard ContinuousClock.now < giveUpAt else {
                throw CLIError.unusable("\(name) was not ready after a minute")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Stops it and waits until it has ended.
    func stop() async {
        guard let task = state.withLock({ $0.task }) else { return }
        task.cancel()
        await task.value
    }

    /// Runs a program to its end.
    ///
    /// - Returns: what it printed, and what it complained about when it failed.
    static func run(
        _ path: String, _ arguments: [String], _ environment: [String: String] = [:], user: User? = nil
    ) async -> (output: String, problem: String?) {
        do {
            let result = try await Subprocess.run(
                .name("env"), arguments: Arguments(words(path, arguments, environment, user)),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            if result.terminationStatus.isSuccess { return (result.standardOutput, nil) }
            let complaint = result.standardError.isEmpty ? "\(result.terminationStatus)" : result.standardError
            return (result.standardOutput, complaint)
        } catch {
            return ("", "\(error)")
        }
    }
}
