internal import CLibPQ

/// Owner of one libpq result.
struct QueryResult: ~Copyable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// The command tag, for example `COMMIT`.
    var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    /// The rows as a statement decodes them.
    func rows<S: Statement>(of _: S.Type) throws(PostgresError) -> [S.Row] {
        let count = PQntuples(pointer)
        guard count > 0 else { return [] }
        let columnCount = PQnfields(pointer)
        var rows: [S.Row] = []
        rows.reserveCapacity(Int(count))
        do throws(PostgresError) {
            for index in 0..<count {
                var reader = RowReader(result: pointer, row: index, columnCount: columnCount)
                rows.append(try S.decode(&reader))
            }
        } catch .decoding(let message) {
            throw .decoding("\(S.self), \(message)")
        } catch {
            throw error
        }
        return rows
    }

    /// The rows of a plain query, every value as text.
    func textRows() -> [[String?]] {
        (0..<PQntuples(pointer)).map { row in
            (0..<PQnfields(pointer)).map { column in
                guard PQgetisnull(pointer, row, column) == 0 else { return nil }
                return PQgetvalue(pointer, row, column).map { String(cString: $0) }
            }
        }
    }

    /// The server's error. Nil if the result is an error of libpq's own making: then the session is lost.
    func serverError(statement: String) -> ServerError? {
        guard let state = ResultField.state.text(of: pointer) else { return nil }
        return ServerError(
            state: SQLState(rawValue: state), message: ResultField.message.text(of: pointer) ?? "",
            detail: ResultField.detail.text(of: pointer), constraint: ResultField.constraint.text(of: pointer),
            statement: statement)
    }

    /// Whether the server ended the session with this error.
    var isFatal: Bool {
        let severity = ResultField.severity.text(of: pointer)
        return severity == "FATAL" || severity == "PANIC"
    }
}

/// The fields of an error or notice that we read; codes from `postgres_ext.h`, severity in its untranslated form.
enum ResultField: UInt8 {
    case severity = 86  // V
    case state = 67  // C
    case message = 77  // M
    case detail = 68  // D
    case constraint = 110  // n

    func text(of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(rawValue)).map { String(cString: $0) }
    }
}
