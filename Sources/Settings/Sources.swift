import Configuration
import Glibc

/// Where a value was found.
enum Source: Hashable, CustomStringConvertible {
    case flag(String)
    case variable(String)
    /// A file that holds nothing but the value.
    case file(String)
    /// A YAML file, and the key in it.
    case yaml(String, key: String)

    var description: String {
        switch self {
        case .flag(let flag): "the flag \(flag)"
        case .variable(let name): "the environment variable \(name)"
        case .file(let path): "the file \(path)"
        case .yaml(let path, let key): "\(key) in \(path)"
        }
    }
}

/// A value and where it was found.
struct Found: Hashable {
    let value: String
    let source: Source
}

/// All places settings may come from, the strongest first.
struct Sources {
    /// Where container platforms put secrets.
    static let usualFolder = "/run/secrets"
    /// The settings that are read before all others, and their help.
    static let own: [(SettingKey, String)] = [
        (.configFile, "a YAML file with settings; keys are nested or with points, as in max.in.flight"),
        (.secretsFolder, "a folder with a file per setting, called database_url or DATABASE_URL"),
    ]
    static let none = Sources()

    private let program: String
    private let flags: (any ConfigSnapshot)?
    private let variables: (any ConfigSnapshot)?
    private let secrets: SecretFolder?
    private let yaml: YAMLFile?
    /// What was found for `own`.
    let found: [SettingKey: Found]

    private init() { (program, flags, variables, secrets, yaml, found) = ("", nil, nil, nil, nil, [:]) }

    init(program: String, arguments: [String], environment: [String: String]?) throws(SettingsError) {
        self.program = program
        let flags = CommandLineArgumentsProvider(arguments: arguments).snapshot()
        let variables =
            (environment.map { EnvironmentVariablesProvider(environmentVariables: $0) }
            ?? EnvironmentVariablesProvider()).snapshot()
        self.flags = flags
        self.variables = variables
        var found: [SettingKey: Found] = [:]
        for (key, _) in Self.own {
            found[key] = try Self.flag(key, in: flags) ?? Self.variable(key.variable, in: variables)
        }
        self.found = found
        secrets = try SecretFolder(found[.secretsFolder]?.value)
        yaml = try found[.configFile].map { place throws(SettingsError) in try YAMLFile(path: place.value) }
    }

    /// The strongest source's value; empty variables and files count as not there.
    func find(_ key: SettingKey) throws(SettingsError) -> Found? {
        if let flags, let found = try Self.flag(key, in: flags) { return found }
        if let variables {
            let plain = Self.variable(key.variable, in: variables)
            let file = Self.variable(key.variable + "_FILE", in: variables)
            if plain != nil, file != nil {
                throw SettingsError("\(key.variable) and \(key.variable)_FILE are both set: only one can count.")
            }
            if let plain { return plain }
            if let file, let value = try SecretFolder.read(file.value, for: key, mustExist: true) {
                return Found(value: value, source: .file(file.value))
            }
        }
        if let found = try secrets?.find(key) { return found }
        return try yaml?.find(key, program: program)
    }

    private static func flag(_ key: SettingKey, in flags: any ConfigSnapshot) throws(SettingsError) -> Found? {
        // As an array, because the provider takes values apart at commas; together again it is what was written.
        guard case .stringArray(let values)? = content(key.components, .stringArray, in: flags) else { return nil }
        let value = values.joined(separator: ",").trimmed()
        guard !value.isEmpty else { throw SettingsError("\(key.flag) needs a value.") }
        return Found(value: value, source: .flag(key.flag))
    }

    private static func variable(_ name: String, in variables: any ConfigSnapshot) -> Found? {
        guard case .string(let text)? = content([name], .string, in: variables) else { return nil }
        // `$(cat file)` in a manifest or a unit leaves a line feed at the end of a secret, which no one sees.
        let value = text.trimmed()
        return value.isEmpty ? nil : Found(value: value, source: .variable(name))
    }

    /// Texts can be read as texts whatever they are, so these two never fail.
    private static func content(
        _ components: [String], _ type: ConfigType, in snapshot: any ConfigSnapshot
    ) -> ConfigContent? {
        try? snapshot.value(forKey: AbsoluteConfigKey(components), type: type).value?.content
    }
}

extension Sources {
    /// Refuses flags, stray words and keys of the YAML file that are no settings.
    func refuseUnknown(_ known: [SettingKey], arguments: [String], program: String) throws(SettingsError) {
        let knownFlags = Set(known.map(\.flag))
        var mayBeValue = false
        for argument in arguments.dropFirst() {
            if argument == "--print-config" {
                mayBeValue = false
            } else if argument.hasPrefix("--") {
                let flag = String(argument.prefix { $0 != "=" })
                guard knownFlags.contains(flag) else {
                    throw SettingsError("\(flag) is no option of \(program); --help lists them.")
                }
                mayBeValue = flag == argument
            } else {
                // Not shown: it may be a secret that lost its flag.
                guard mayBeValue else {
                    throw SettingsError("There is a word on the command line that belongs to no option; see --help.")
                }
                mayBeValue = false
            }
        }
        try yaml?.refuseUnknown(known, program: program)
    }
}
