import Glibc
import Subprocess

/// The shell's library (`scripts/lib`), which starts and stops everything: this program calls its functions one by one.
///
/// What was started is remembered in `folder`, so that the script that started this program can stop it, whatever ends it.
struct Stack: Sendable {
    /// The project's folder.
    let root: String
    /// `STATE` of the scripts: logs, process ids, Postgres's data.
    let folder: String
    /// Where the programs are that are measured.
    let programs: String

    /// As `scripts/bench` hands it over.
    init() throws(BenchError) {
        func variable(_ name: String) throws(BenchError) -> String {
            guard let value = getenv(name) else {
                throw .disobeyed("\(name) is not set: scripts/bench starts this program")
            }
            return String(cString: value)
        }
        root = try variable("ROOT")
        folder = try variable("STATE")
        programs = try variable("BIN")
    }

    /// Calls a function of the library, which complains by itself; what it prints, without the last line's end.
    ///
    /// - Parameter variables: for its environment, each as `NAME=VALUE`.
    @discardableResult
    func call(_ words: String..., with variables: String...) async throws -> String {
        try await call(words, with: variables)
    }

    @discardableResult
    func call(_ words: [String], with variables: [String] = []) async throws -> String {
        let result = try await run(
            .name("env"), arguments: Arguments(variables + ["bash", "\(root)/scripts/lib/call.sh"] + words),
            output: .string(limit: 1 << 16), error: .currentStandardError)
        guard result.terminationStatus.isSuccess else { throw BenchError.disobeyed("\(words[0]) failed") }
        return Self.trimmed(result.standardOutput)
    }

    /// Runs a program to its end; what it prints.
    ///
    /// - Parameter words: variables for its environment as `NAME=VALUE`, the program's path, its arguments.
    /// - Throws: `disobeyed` with the last lines of its complaints when it fails.
    func output(of words: [String]) async throws -> String {
        let result = try await run(
            .name("env"), arguments: Arguments(words), output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
        guard result.terminationStatus.isSuccess else {
            let last = result.standardError.split(separator: "\n").suffix(20).joined(separator: "\n")
            let program = words.first { !$0.contains("=") } ?? ""
            throw BenchError.disobeyed("\(program) failed:\n\(last)")
        }
        return Self.trimmed(result.standardOutput)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.last == "\n" { text = text.dropLast() }
        return String(text)
    }
}
