/// A five-character SQLSTATE, with names for those somebody acts on and their meaning in one place.
///
/// Codes and classes: PostgreSQL documentation, appendix A.
package struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The code as the server sent it, for example `23505`.
    package let rawValue: String

    /// Any code, named below or not.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    private init(_ rawValue: StaticString) {
        self.rawValue = "\(rawValue)"
    }

    /// The first two characters: the class of the condition.
    package var errorClass: Substring { rawValue.prefix(2) }

    package var description: String { rawValue }
}

extension SQLState {
    // Class 08: connection exceptions.
    package static let connectionException = SQLState("08000")
    package static let connectionDoesNotExist = SQLState("08003")
    package static let connectionFailure = SQLState("08006")
    package static let featureNotSupported = SQLState("0A000")
    // Class 22: the data is wrong.
    package static let characterNotInRepertoire = SQLState("22021")
    package static let invalidTextRepresentation = SQLState("22P02")
    package static let invalidBinaryRepresentation = SQLState("22P03")
    package static let untranslatableCharacter = SQLState("22P05")
    package static let numericValueOutOfRange = SQLState("22003")
    package static let divisionByZero = SQLState("22012")
    // Class 23: the data contradicts other data.
    package static let notNullViolation = SQLState("23502")
    package static let foreignKeyViolation = SQLState("23503")
    package static let uniqueViolation = SQLState("23505")
    package static let checkViolation = SQLState("23514")
    // Class 25: the transaction is in the wrong state.
    package static let readOnlySqlTransaction = SQLState("25006")
    package static let inFailedSqlTransaction = SQLState("25P02")
    package static let idleInTransactionSessionTimeout = SQLState("25P03")
    package static let invalidSqlStatementName = SQLState("26000")
    package static let invalidPassword = SQLState("28P01")
    package static let invalidCatalogName = SQLState("3D000")
    // Class 40: rolled back through no fault of the statement.
    package static let serializationFailure = SQLState("40001")
    package static let deadlockDetected = SQLState("40P01")
    // Class 42: the statement is wrong.
    package static let syntaxError = SQLState("42601")
    package static let insufficientPrivilege = SQLState("42501")
    package static let undefinedColumn = SQLState("42703")
    package static let undefinedTable = SQLState("42P01")
    package static let duplicateTable = SQLState("42P07")
    package static let duplicateDatabase = SQLState("42P04")
    // Class 53: out of something.
    package static let diskFull = SQLState("53100")
    package static let outOfMemory = SQLState("53200")
    package static let tooManyConnections = SQLState("53300")
    package static let objectInUse = SQLState("55006")
    package static let lockNotAvailable = SQLState("55P03")
    // Class 57: an operator or a timeout stepped in.
    package static let queryCanceled = SQLState("57014")
    package static let adminShutdown = SQLState("57P01")
    package static let crashShutdown = SQLState("57P02")
    package static let cannotConnectNow = SQLState("57P03")
}

extension SQLState {
    /// The same statement may well succeed later, unchanged: conflicts, timeouts, shortages, a server going away.
    package var isTransient: Bool {
        switch self {
        case .queryCanceled, .lockNotAvailable, .objectInUse, .readOnlySqlTransaction: true
        default: errorClass == "40" || errorClass == "53" || isConnectionLoss
        }
    }

    /// The values sent are at fault: sending them again fails again, other values in the same batch may be fine.
    package var isDataError: Bool { errorClass == "22" || errorClass == "23" }

    /// The session is over, or never began.
    package var isConnectionLoss: Bool {
        switch self {
        case .adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransactionSessionTimeout: true
        default: errorClass == "08"
        }
    }
}
