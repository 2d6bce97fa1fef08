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
