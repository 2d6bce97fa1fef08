/// What `--help` and `--print-config` print.
extension Settings {
    /// Every setting that was read, by group.
    package var helpText: String {
        var blocks = ["\(program): \(about)"]
        blocks.append(
            """
            Every option may also be given as the environment variable in brackets, as that variable with _FILE, which
            names a file that holds the value, as a file in the folder of secrets, or in the YAML file; the first of
            these that has it counts. Secrets are refused as options.
            """)
        let width = declared.map { $0.key.flag.count }.max() ?? 0
        for group in groups {
            let lines = declared.filter { $0.group == group }.map { setting in
                let padding = String(repeating: " ", count: width - setting.key.flag.count)
                let fallback = setting.fallback.map { " (default \($0))" } ?? ""
                let secret = setting.secrecy == .secret ? " (secret)" : ""
                return "  \(setting.key.flag)\(padding)  \(setting.help)\(secret)\(fallback) [\(setting.key.variable)]"
            }
            blocks.append(([group + ":"] + lines).joined(separator: "\n"))
        }
        let own = [
            ("--print-config", "show every setting and where it comes from, and end"),
            ("--version", "show the version, and end"), ("--help", "show this"),
        ]
        let lines = own.map { "  \($0)\(String(repeating: " ", count: max(0, width - $0.count)))  \($1)" }
        blocks.append((["Instead of running:"] + lines).joined(separator: "\n"))
        return blocks.joined(separator: "\n\n")
    }

    /// Every setting that was read, its value without secrets, and where it comes from.
    package var reportText: String {
        let rows = declared.map { setting in
            let value = setting.found?.value ?? setting.fallback
            return (
                setting.key.dotted, value.map { Redaction.shown($0, setting.secrecy) } ?? "(not set)",
                setting.found.map { "\($0.source)" } ?? (value == nil ? "" : "default")
            )
        }
        let keyWidth = rows.map { $0.0.count }.max() ?? 0
        let valueWidth = min(60, rows.map { $0.1.count }.max() ?? 0)
        return rows.map { key, value, source in
            let line = key.padded(to: keyWidth) + "  " + value.padded(to: valueWidth) + "  " + source
            return line.trimmed()
        }.joined(separator: "\n")
    }

    /// The sources come last: they are the same everywhere.
    private var groups: [String] {
        var names: [String] = []
        for setting in declared where !names.contains(setting.group) && setting.group != "Sources" {
            names.append(setting.group)
        }
        return names + ["Sources"]
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
