import Core
import Glibc

/// What a process does with its settings before anything else.
extension Settings {
    /// Reads a process's configuration; for `--version`, `--help` and `--print-config` it prints and ends the
    /// process, and for settings that can't be used it says so and ends it with the exit code for wrong usage
    /// (`EX_USAGE`, 64).
    ///
    /// - Parameter make: reads every setting and ends with `finish`.
    package mutating func read<Value>(_ make: (inout Settings) throws(SettingsError) -> Value) -> Value {
        if wantsVersion {
            print(sagaflowVersion)
            exit(0)
        }
        let outcome: Result<Value, SettingsError>
        do { outcome = .success(try make(&self)) } catch { outcome = .failure(error) }
        if wantsHelp {
            print(helpText)
            exit(0)
        }
        if wantsReport { print(reportText) }
        switch outcome {
        case .success(let value):
            guard !wantsReport else { exit(0) }
            return value
        case .failure(let error):
            refuse(error)
        }
    }

    /// What a file holds that a setting names; nil when it can't be read or is larger than 1 MiB.
    package static func content(of path: String) -> [UInt8]? { try? SecretFolder.readFile(path).get() }

    /// Ends the process for a setting that can't be used, with the exit code for wrong usage (`EX_USAGE`, 64).
    package func refuse(_ error: SettingsError) -> Never {
        fflush(nil)
        let line = Array("\(program): \(error)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        exit(64)
    }
}
