// Logs: one line per event on standard error, JSON for machines or text for a terminal. Whatever a line is made of, it
// stays one line, holds no value whose name is sensitive, and is written with one `write(2)`. `LogConfiguration` is where
// a process begins; from there: `LineLogHandler` → `Redactor` → `JSONLine` or `TextLine` → `StandardError`.

import Core
package import Logging

/// Collects what belongs to an event and hands it to the output.
package struct LineLogHandler: LogHandler {
    private let label: String
    private let output: LogOutput
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(label: String, level: Logger.Level, output: LogOutput) {
        self.label = label
        self.output = output
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        output.write(
            LogLine(
                time: .machineTime, level: event.level, logger: label, message: event.message.description, metadata: all
            ))
    }
}

/// What one line is made of.
struct LogLine {
    var time: Instant
    var level: Logger.Level
    var logger: String
    var message: String
    var metadata: Logger.Metadata
}
