import Glibc

/// Where the lines of all loggers of a process go.
package struct LogOutput: Sendable {
    private enum Shape {
        case json
        case text(isColoured: Bool)
    }

    private let service: String
    private let shape: Shape
    private let redactor: Redactor
    private let sink: @Sendable ([UInt8]) -> Void

    /// Writes to standard error.
    package init(_ configuration: LogConfiguration, service: String) {
        let isTerminal = isatty(STDERR_FILENO) == 1
        self.init(configuration, service: service, isTerminal: isTerminal) { StandardError.process.write($0) }
    }

    /// - Parameters:
    ///   - isTerminal: decides the format `auto`, and whether text has colours.
    ///   - sink: is given each line, with its line feed.
    package init(
        _ configuration: LogConfiguration, service: String, isTerminal: Bool,
        sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.service = service
        self.sink = sink
        redactor = Redactor(names: SensitiveNames(configuration.sensitive))
        switch configuration.format {
        case .json: shape = .json
        case .text: shape = .text(isColoured: isTerminal)
        case .auto: shape = isTerminal ? .text(isColoured: true) : .json
        }
    }

    func write(_ line: LogLine) {
        var line = line
        line.message = redactor.message(line.message)
        let members = line.metadata.sorted { $0.key < $1.key }.map { ($0.key, redactor.value($0.value, named: $0.key)) }
        switch shape {
        case .json: sink(JSONLine.encode(line, members: members, service: service))
        case .text(let isColoured): sink(TextLine.encode(line, members: members, isColoured: isColoured))
        }
    }
}
