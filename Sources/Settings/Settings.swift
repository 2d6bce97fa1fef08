// How a process is configured: flags over environment variables over secret files over a YAML file over defaults, read
// once at start. Every setting is declared where it is read, with its help, so `--help` can't forget one, and a flag or
// a key of the file that nobody reads is refused.

import Core

/// The settings of one process, as they are being read.
///
///     var settings = Settings(program: "sagaflow-engine", about: "Carries runs.")
///     let lease = try settings.duration("lease", default: .seconds(10), in: .seconds(1) ... .seconds(600), help: "…")
///     try settings.finish()
///
/// The key `max.in.flight` is the flag `--max-in-flight`, the variable `MAX_IN_FLIGHT` (or `MAX_IN_FLIGHT_FILE`, which
/// names a file that holds it), the file `max_in_flight` in the folder of secrets, and `max.in.flight` in the YAML file.
package struct Settings {
    /// What may be shown of a setting's value.
    package enum Secrecy: Sendable {
        /// All of it.
        case open
        /// All but the password it may hold: a URL or `key=value` pairs. With a password it is refused as a flag.
        case password
        /// Nothing; refused as a flag, because every user of the machine can read the command lines of processes.
        case secret
    }

    /// A setting that was read.
    struct Declared {
        let key: SettingKey
        let group: String
        let help: String
        let fallback: String?
        let secrecy: Secrecy
        /// Nil when no source has it.
        let found: Found?
    }

    let program: String
    let about: String
    private let arguments: [String]
    private let sources: Sources
    private(set) var declared: [Declared] = []
    private var group = "General"
    /// What is wrong with values that were read by calls which can't throw.
    private var problems: [SettingsError] = []

    /// - Parameters:
    ///   - program: the executable's name, for `--help`; in the YAML file, keys below it are for it alone.
    ///   - about: one sentence on what it does.
    ///   - arguments: with the executable's name first.
    ///   - environment: instead of the process's own.
    package init(
        program: String, about: String, arguments: [String] = CommandLine.arguments,
        environment: [String: String]? = nil
    ) {
        self.program = program
        self.about = about
        self.arguments = arguments
        let wantsHelp = arguments.contains("--help") || arguments.contains("-h")
        do {
            sources =
                wantsHelp ? .none : try Sources(program: program, arguments: arguments, environment: environment)
        } catch {
            sources = .none
            problems.append(error)
        }
        self.wantsHelp = wantsHelp
        declareSources()
    }

    /// `--help` was asked for: nothing else matters, and every setting has its default.
    package let wantsHelp: Bool

    /// `--version` was asked for: nothing is read.
    var wantsVersion: Bool { arguments.contains("--version") }

    /// `--print-config` was asked for: what was read is to be shown instead of used.
    package var wantsReport: Bool { arguments.contains("--print-config") }

    /// Puts what is read from here on under a heading in `--help`.
    package mutating func group(_ name: String) { group = name }

    /// A text; nil when it is not set and has no default. A value that can't be taken is told by `finish`.
    package mutating func optionalText(
        _ key: String, default fallback: String? = nil, secrecy: Secrecy = .open, help: String
    ) -> String? {
        do { return try read(key, fallback, secrecy, help) } catch {
            problems.append(error)
            return fallback
        }
    }

    /// A text that must be there.
    ///
    /// - Parameter example: what is taken for it while `--help` is made, when it has no default.
    package mutating func text(
        _ key: String, default fallback: String? = nil, example: String = "", secrecy: Secrecy = .open, help: String
    ) throws(SettingsError) -> String {
        if let value = try read(key, fallback, secrecy, help) { return value }
        if wantsHelp { return example }
        if let problem = problems.first { throw problem }
        throw SettingsError("\(SettingKey(key).name) is not set: \(help).")
    }

    private mutating func read(
        _ key: String, _ fallback: String?, _ secrecy: Secrecy, _ help: String
    ) throws(SettingsError) -> String? {
        let key = SettingKey(key)
        let found: Found?
        var problem: SettingsError?
        do { found = try sources.find(key) } catch {
            found = nil
            problem = error
        }
        declared.append(
            Declared(key: key, group: group, help: help, fallback: fallback, secrecy: secrecy, found: found))
        if let problem { throw problem }
        if let found, case .flag = found.source, Redaction.hides(found.value, secrecy) {
            throw SettingsError(
                "\(key.flag) holds a secret, and every user of the machine can read command lines: give it as "
                    + "\(key.variable), \(key.variable)_FILE or a file of secrets.")
        }
        return found?.value ?? fallback
    }

    /// A sentence on a value that can't be used: what it is called, what it is (unless it is secret), where it comes from.
    ///
    /// - Parameters:
    ///   - key: of a setting that was read.
    ///   - wanted: goes on after "but", as in "must be a number".
    package func error(_ key: String, _ wanted: String) -> SettingsError {
        let key = SettingKey(key)
        guard let setting = declared.last(where: { $0.key == key }), let found = setting.found else {
            return SettingsError("\(key.name) \(wanted)")
        }
        if setting.secrecy != .open {
            return SettingsError(
                "\(key.name), set by \(found.source) and not shown here because it is secret, \(wanted)")
        }
        return SettingsError("\(key.name) is \"\(found.value.prefix(200))\", set by \(found.source), but \(wanted)")
    }

    /// Why a value could not be read by a call that can't throw; nil when all could.
    package var firstProblem: SettingsError? { problems.first }

    /// Refuses what no setting has read, and tells what could not be told before. To be called last.
    package func finish() throws(SettingsError) {
        if wantsHelp { return }
        if let problem = problems.first { throw problem }
        try sources.refuseUnknown(declared.map(\.key), arguments: arguments, program: program)
    }

    /// The settings that say where settings are. They have been read already.
    private mutating func declareSources() {
        for (key, help) in Sources.own {
            declared.append(
                Declared(
                    key: key, group: "Sources", help: help, fallback: key == .secretsFolder ? Sources.usualFolder : nil,
                    secrecy: .open, found: sources.found[key]))
        }
    }
}

/// A setting's name in all its forms, made from the key with points: `max.in.flight`.
struct SettingKey: Hashable {
    let dotted: String
    let flag: String
    let variable: String

    init(_ dotted: String) {
        let variable = dotted.split(separator: ".").joined(separator: "_").uppercased()
        self.init(dotted, variable: variable)
    }

    private init(_ dotted: String, variable: String) {
        self.dotted = dotted
        self.flag = "--" + dotted.split(separator: ".").joined(separator: "-")
        self.variable = variable
    }

    /// The YAML file. CONFIG alone would be anybody's variable.
    static let configFile = SettingKey("config", variable: "SAGAFLOW_CONFIG")
    /// The folder of secret files.
    static let secretsFolder = SettingKey("secrets.dir")

    /// How messages call it: `--max-in-flight (MAX_IN_FLIGHT)`.
    var name: String { "\(flag) (\(variable))" }

    /// The variable's name in lower case, as files of secrets are called.
    var fileName: String { variable.lowercased() }

    var components: [String] { dotted.split(separator: ".").map(String.init) }
}

/// A setting that can't be used: one sentence that names it and says what would do.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
