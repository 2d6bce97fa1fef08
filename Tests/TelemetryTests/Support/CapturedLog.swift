import Core
import Logging
import Synchronization

@testable import Telemetry

/// A logger whose lines a test can look at.
final class CapturedLog: Sendable {
    private let written = Mutex<[[UInt8]]>([])

    /// The lines as written, each with its line feed.
    var lines: [String] { written.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }

    func logger(
        _ format: LogConfiguration.Format = .json, level: Logger.Level = .trace, sensitive: Set<String> = [],
        isTerminal: Bool = false
    ) -> Logger {
        let configuration = LogConfiguration(level: level, format: format, sensitive: sensitive)
        let output = LogOutput(configuration, service: "sagaflow-test", isTerminal: isTerminal) { line in
            self.written.withLock { $0.append(line) }
        }
        return Logger(label: "test") { LineLogHandler(label: $0, level: level, output: output) }
    }

    /// The JSON of the only line.
    static func json(
        _ message: Logger.Message, _ metadata: Logger.Metadata = [:], sensitive: Set<String> = []
    ) throws -> JSON {
        let log = CapturedLog()
        log.logger(sensitive: sensitive).info(message, metadata: metadata)
        guard let line = log.lines.first, log.lines.count == 1, line.hasSuffix("}\n") else { throw NoLine() }
        return try JSON(parsing: String(line.dropLast()))
    }

    struct NoLine: Error {}
}
