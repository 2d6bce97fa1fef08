import Core
package import Logging
package import Settings

/// What is logged, and how.
package struct LogConfiguration: Sendable {
    /// The shape of a line.
    package enum Format: String, Sendable, CaseIterable {
        /// One JSON object a line, for machines.
        case json
        /// For a person at a terminal.
        case text
        /// Text on a terminal, JSON otherwise.
        case auto
    }

    package var level: Logger.Level
    package var format: Format
    /// Names whose values are never written, as configured in addition to those that are always kept.
    package var sensitive: Set<String>

    package init(level: Logger.Level = .info, format: Format = .auto, sensitive: Set<String> = []) {
        self.level = level
        self.format = format
        self.sensitive = sensitive
    }

    /// Reads it. The order is the order of `--help`.
    package init(_ settings: inout Settings) throws(SettingsError) {
        let level = try settings.text("log.level", default: "info", help: "trace, debug, info, notice, warning, error")
        guard let parsed = Logger.Level(rawValue: level.lowercased()) else {
            throw SettingsError(
                "--log-level (LOG_LEVEL) is \"\(level)\", but must be one of trace, debug, info, notice, warning, "
                    + "error, critical.")
        }
        self.level = parsed
        let format = try settings.text(
            "log.format", default: "auto", help: "json, text, or auto: text on a terminal, JSON otherwise")
        guard let parsed = Format(rawValue: format.lowercased()) else {
            throw SettingsError("--log-format (LOG_FORMAT) is \"\(format)\", but must be json, text or auto.")
        }
        self.format = parsed
        let names = settings.optionalText(
            "log.sensitive",
            help: "names,of,members whose values are never logged, beside password, token, authorization and the like")
        sensitive = Set((names ?? "").split(separator: ",").map { SensitiveNames.normal($0) }.filter { !$0.isEmpty })
    }

    /// Makes every logger of the process write by this configuration. Once per process, before the first logger is made.
    package func bootstrap(service: String) {
        let output = LogOutput(self, service: service)
        let level = level
        LoggingSystem.bootstrap { label in LineLogHandler(label: label, level: level, output: output) }
    }
}
