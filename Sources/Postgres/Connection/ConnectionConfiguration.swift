internal import CLibPQ

/// Where and how to connect: a connection string, and limits that are always set.
///
/// The password is in `options` only; it appears in no description and in no error.
package struct ConnectionConfiguration: Sendable {
    /// For each address tried; whole seconds, at least 2. A `connect_timeout` in the connection string comes first.
    /// With several hosts no more than three seconds: a hung one in front must not use up the time for the others.
    package var connectTimeout: Duration = .seconds(5)
    /// The server cancels longer statements (SQLSTATE 57014). Nil sets no limit: only for migrations.
    package var statementTimeout: Duration? = .seconds(30)
    /// An answer so much later than the server should have cancelled the statement counts as lost.
    package var answerGrace: Duration = .seconds(5)
    /// The server gives up waiting for a lock after this (SQLSTATE 55P03). Nil sets no limit.
    package var lockTimeout: Duration? = .seconds(10)
    /// The server ends sessions that leave a transaction idle for longer. Nil sets no limit.
    package var idleInTransactionTimeout: Duration? = .seconds(30)
    /// Shown in `pg_stat_activity`, unless the connection string names another.
    package var applicationName: String
    /// Further server settings applied at connect, for example `plan_cache_mode`.
    package var settings: [String: String] = [:]

    /// Is told of every statement and transaction that ended, for metrics.
    package var observer: StatementObserver?

    /// What the connection string says, as libpq understood it.
    private var parsed: [String: String]

    /// Takes a `postgres://` URI, also with several hosts, or `key=value` pairs; every option of libpq works.
    ///
    /// Throws `configuration` if libpq cannot parse it.
    package init(_ connectionString: String, applicationName: String = "sagaflow") throws(PostgresError) {
        self.applicationName = applicationName
        self.parsed = try Self.parse(connectionString)
    }

    /// The same server and user, another database.
    package func database(_ name: String) -> ConnectionConfiguration {
        var copy = self
        copy.parsed["dbname"] = name
        return copy
    }

    /// The text without the password.
    func redact(_ text: String) -> String {
        guard let password = parsed["password"], !password.isEmpty else { return text }
        return text.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
    }

    private static func parse(_ connectionString: String) throws(PostgresError) -> [String: String] {
        if let scheme = connectionString.prefix(while: { $0 != "=" }).firstRange(of: "://") {
            guard ["postgres", "postgresql"].contains(connectionString[..<scheme.lowerBound]) else {
                throw .configuration("a URL begins with postgres:// or postgresql://")
            }
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(connectionString, &message) else {
            defer { PQfreemem(message) }
            throw .configuration(withoutQuotations(message.map { String(cString: $0) } ?? "out of memory"))
        }
        defer { PQconninfoFree(options) }
        var parsed: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { parsed[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return parsed
    }

    /// libpq quotes pieces of the connection string, password included, in its complaints about it.
    private static func withoutQuotations(_ message: String) -> String {
        let message = message.filter { !$0.isNewline }
        guard let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\"") else { return message }
        return "\(message[..<first])\"…\"\(message[last...].dropFirst())"
    }
}

extension ConnectionConfiguration {
    /// Options for libpq. What the connection string says wins, except for the encoding.
    var options: [(keyword: String, value: String)] {
        let hosts = parsed["host"] ?? parsed["hostaddr"] ?? ""
        let isOneHost = !hosts.contains(",")
        let patience = isOneHost ? connectTimeout : min(connectTimeout, .seconds(3))
        let defaults = [
            "connect_timeout": "\(max(2, patience.wholeMilliseconds / 1000))",
            "application_name": applicationName,
            // A peer that is gone is noticed within about half a minute, on idle sessions too.
            "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": "20000",
        ]
        var options = defaults.merging(parsed) { _, given in given }
        options["client_encoding"] = "UTF8"
        if !isOneHost, parsed["target_session_attrs"] == nil {
            options["target_session_attrs"] = "read-write"
        }
        return options.map { (keyword: $0.key, value: $0.value) }
    }

    /// Settings for the session; not startup options, which connection poolers refuse.
    var sessionSettings: [(name: String, value: String)] {
        let limits = [
            (name: "statement_timeout", value: milliseconds(statementTimeout)),
            (name: "lock_timeout", value: milliseconds(lockTimeout)),
            (name: "idle_in_transaction_session_timeout", value: milliseconds(idleInTransactionTimeout)),
        ]
        return limits + settings.map { (name: $0.key, value: $0.value) }
    }

    /// Milliseconds without an answer after which the server counts as gone; -1 is never.
    var answerTimeout: Int32 {
        guard let statementTimeout else { return -1 }
        return Int32(clamping: (statementTimeout + answerGrace).wholeMilliseconds)
    }

    private func milliseconds(_ duration: Duration?) -> String { "\(duration?.wholeMilliseconds ?? 0)" }
}

extension ConnectionConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host, port, database and user; nothing secret.
    package var description: String {
        let parts = ["host", "port", "dbname", "user"].compactMap { key in parsed[key].map { "\(key)=\($0)" } }
        return parts.joined(separator: " ")
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension Duration {
    /// Rounded down; negative durations are zero.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
