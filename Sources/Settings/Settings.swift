// How a process is configured: flags over environment variables over defaults, read once at start. Every setting is
// declared where it is read, with its help, so `--help` can't forget one, and a flag nobody reads is refused.

import Configuration
import Core
import Glibc

/// The settings of one process, as they are being read.
///
///     var settings = Settings(program: "sagaflow-engine", about: "Carries runs.")
///     let lease = try settings.duration("lease", default: .seconds(10), in: .seconds(1) ... .seconds(600), help: "…")
///     try settings.finish()
///
/// The key `max.in.flight` is the flag `--max-in-flight` and the environment variable `MAX_IN_FLIGHT`.
package struct Settings {
    private let reader: ConfigReader
    private let arguments: [String]
    private let program: String
    private let about: String
    private var declared: [(flag: String, variable: String, help: String, fallback: String?)] = []

    /// - Parameters:
    ///   - program: the executable's name, for `--help`.
    ///   - about: one sentence on what it does.
    package init(
        program: String, about: String, arguments: [String] = CommandLine.arguments,
        environment: [String: String]? = nil
    ) {
        self.program = program
        self.about = about
        self.arguments = arguments
        let variables =
            environment.map { EnvironmentVariablesProvider(environmentVariables: $0) }
            ?? EnvironmentVariablesProvider()
        reader = ConfigReader(providers: [CommandLineArgumentsProvider(arguments: arguments), variables])
    }

    /// `--help` was asked for: nothing else matters.
    package var wantsHelp: Bool { arguments.contains("--help") || arguments.contains("-h") }

    /// A text; nil when it is not set and has no default.
    package mutating func optionalText(_ key: String, default fallback: String? = nil, help: String) -> String? {
        let flag = "--" + key.split(separator: ".").joined(separator: "-")
        let variable = key.split(separator: ".").joined(separator: "_").uppercased()
        declared.append((flag, variable, help, fallback))
        let given = reader.string(forKey: ConfigKey(key)).flatMap { $0.isEmpty ? nil : $0 }
        return given ?? fallback
    }

    /// A text that must be there.
    package mutating func text(
        _ key: String, default fallback: String? = nil, help: String
    ) throws(SettingsError) -> String {
        if let value = optionalText(key, default: fallback, help: help) { return value }
        if wantsHelp { return "" }
        throw SettingsError("\(name(key)) is not set: \(help)")
    }

    /// A whole number within bounds.
    package mutating func integer(
        _ key: String, default fallback: Int, in range: ClosedRange<Int>, help: String
    ) throws(SettingsError) -> Int {
        let text = try text(key, default: String(fallback), help: help)
        guard let value = Int(text), range.contains(value) else {
            throw SettingsError(
                "\(name(key)) is \"\(text)\", but must be a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// A duration such as `250ms`, `10s`, `5m`, within bounds.
    package mutating func duration(
        _ key: String, default fallback: Duration, in range: ClosedRange<Duration>, help: String
    ) throws(SettingsError) -> Duration {
        let text = try text(key, default: DurationText.format(fallback), help: help)
        guard let value = DurationText.parse(text), range.contains(value) else {
            throw SettingsError(
                "\(name(key)) is \"\(text)\", but must be a duration from \(DurationText.format(range.lowerBound)) to "
                    + "\(DurationText.format(range.upperBound)), like 250ms or 10s.")
        }
        return value
    }

    /// Refuses flags that no setting has read. To be called last.
    package func finish() throws(SettingsError) {
        let known = Set(declared.map(\.flag))
        for argument in arguments.dropFirst() where argument.hasPrefix("-") {
            let flag = String(argument.prefix { $0 != "=" })
            if flag == "--help" || flag == "-h" || known.contains(flag) || Int(argument) != nil { continue }
            throw SettingsError("\(flag) is no option of \(program); --help lists them.")
        }
    }

    /// What `--help` prints: every setting that was read.
    package var helpText: String {
        let width = declared.map { $0.flag.count }.max() ?? 0
        let lines = declared.map { setting in
            let padding = String(repeating: " ", count: width - setting.flag.count)
            let fallback = setting.fallback.map { " (default \($0))" } ?? ""
            return "  \(setting.flag)\(padding)  \(setting.help)\(fallback) [\(setting.variable)]"
        }
        return ["\(program): \(about)", "", "Options (or environment variables):"].joined(separator: "\n")
            + "\n" + lines.joined(separator: "\n")
    }

    private func name(_ key: String) -> String {
        let parts = key.split(separator: ".")
        return "--\(parts.joined(separator: "-")) (\(parts.joined(separator: "_").uppercased()))"
    }
}

/// A setting that can't be used: one sentence that names it and says what would do.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension Settings {
    /// Ends the process for a setting that can't be used, with the exit code for wrong usage (`EX_USAGE`).
    package func refuse(_ error: SettingsError) -> Never {
        let line = "\(program): \(error)\n"
        _ = line.utf8.withContiguousStorageIfAvailable { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(64)
    }
}
