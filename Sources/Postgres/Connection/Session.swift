internal import CLibPQ
internal import Glibc
internal import Logging

/// Owner of a libpq session: opened by `init`, finished when it goes.
final class Session {
    let pointer: OpaquePointer
    private let notices: NoticeLog

    /// Connects, blocking the calling thread.
    init(_ configuration: ConnectionConfiguration, logger: Logger) throws(PostgresError) {
        let options = CStrings(configuration.options)
        guard let pointer = PQconnectdbParams(options.keywords, options.values, 0) else {
            throw .connectionFailed("out of memory")
        }
        guard PQstatus(pointer) == CONNECTION_OK else {
            let message = Self.errorMessage(of: pointer)
            PQfinish(pointer)
            throw .connectionFailed(configuration.redact(message))
        }
        self.pointer = pointer
        self.notices = NoticeLog(logger: logger)
        PQsetNoticeReceiver(pointer, logNotice, Unmanaged.passUnretained(notices).toOpaque())
        // Sending must never block: the server may be waiting for us to read before it reads on.
        PQsetnonblocking(pointer, 1)
    }

    deinit { PQfinish(pointer) }

    /// libpq's last error, on one line.
    var errorMessage: String { Self.errorMessage(of: pointer) }

    /// One query that sets all settings for the session.
    func setConfigurationQuery(_ settings: [(name: String, value: String)]) throws(PostgresError) -> String {
        var calls: [String] = []
        for setting in settings {
            let name = try literal(setting.name)
            calls.append("pg_catalog.set_config(\(name), \(try literal(setting.value)), false)")
        }
        return "SELECT " + calls.joined(separator: ", ")
    }

    /// The text as a quoted SQL literal.
    func literal(_ text: String) throws(PostgresError) -> String {
        guard let quoted = PQescapeLiteral(pointer, text, text.utf8.count) else { throw .configuration(errorMessage) }
        defer { PQfreemem(quoted) }
        return String(cString: quoted)
    }

    /// The text as a quoted SQL identifier.
    func identifier(_ text: String) throws(PostgresError) -> String {
        guard let quoted = PQescapeIdentifier(pointer, text, text.utf8.count) else {
            throw .configuration(errorMessage)
        }
        defer { PQfreemem(quoted) }
        return String(cString: quoted)
    }

    private static func errorMessage(of pointer: OpaquePointer) -> String {
        guard let message = PQerrorMessage(pointer) else { return "unknown error" }
        return String(cString: message).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// Passes the server's notices and warnings to the log instead of standard error.
private final class NoticeLog: Sendable {
    let logger: Logger

    init(logger: Logger) { self.logger = logger }
}

private func logNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
    guard let context, let result else { return }
    let logger = Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().logger
    let isWarning = ResultField.severity.text(of: result) == "WARNING"
    let message = ResultField.message.text(of: result) ?? ""
    logger.log(level: isWarning ? .warning : .debug, "server notice", metadata: ["message": "\(message)"])
}

/// Keyword and value arrays as `PQconnectdbParams` wants them: C strings, ended by a null pointer.
struct CStrings: ~Copyable {
    private let memory: [UnsafeMutablePointer<CChar>?]
    let keywords: [UnsafePointer<CChar>?]
    let values: [UnsafePointer<CChar>?]

    init(_ pairs: [(keyword: String, value: String)]) {
        let names = pairs.map { strdup($0.keyword) }
        let texts = pairs.map { strdup($0.value) }
        memory = names + texts
        keywords = names.map { UnsafePointer($0) } + [nil]
        values = texts.map { UnsafePointer($0) } + [nil]
    }

    deinit { for string in memory { free(string) } }
}
