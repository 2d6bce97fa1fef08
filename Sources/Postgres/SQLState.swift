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
    package static let featureNotSupported = SQLState("0A000")
    // Class 22: the data is wrong.
    package static let stringDataRightTruncation = SQLState("22001")
    package static let invalidDatetimeFormat = SQLState("22007")
    package static let datetimeFieldOverflow = SQLState("22008")
    package static let intervalFieldOverflow = SQLState("22015")
    package static let characterNotInRepertoire = SQLState("22021")
    package static let invalidParameterValue = SQLState("22023")
    package static let invalidJSONText = SQLState("22032")
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
    // Class 40: rolled back through no fault of the statement.
    package static let transactionRollback = SQLState("40000")
    package static let statementCompletionUnknown = SQLState("40003")
    package static let serializationFailure = SQLState("40001")
    package static let deadlockDetected = SQLState("40P01")
    // Class 42: the statement is wrong.
    package static let undefinedTable = SQLState("42P01")
    // Class 53: out of something.
    package static let insufficientResources = SQLState("53000")
    package static let diskFull = SQLState("53100")
    package static let outOfMemory = SQLState("53200")
    package static let tooManyConnections = SQLState("53300")
    package static let configurationLimitExceeded = SQLState("53400")
    // Class 54: more than Postgres can do.
    package static let programLimitExceeded = SQLState("54000")
    package static let statementTooComplex = SQLState("54001")
    // Class 55: something is in use.
    package static let objectInUse = SQLState("55006")
    package static let lockNotAvailable = SQLState("55P03")
    // Class 57: an operator or a timeout stepped in.
    package static let queryCanceled = SQLState("57014")
    package static let adminShutdown = SQLState("57P01")
    package static let crashShutdown = SQLState("57P02")
    package static let cannotConnectNow = SQLState("57P03")
    package static let idleSessionTimeout = SQLState("57P05")
    // Class 58: the system below failed.
    package static let ioError = SQLState("58030")
}

extension SQLState {
    /// The same statement may well succeed later, unchanged. A list, because whoever reads it waits and tries again.
    package var isTransient: Bool {
        switch self {
        // Another transaction was in the way.
        case .transactionRollback, .serializationFailure, .statementCompletionUnknown, .deadlockDetected,
            .lockNotAvailable, .objectInUse:
            true
        // It took too long, or somebody stopped it.
        case .queryCanceled: true
        // The server is short of something.
        case .insufficientResources, .diskFull, .outOfMemory, .tooManyConnections, .configurationLimitExceeded: true
        // The file system failed under the server.
        case .ioError: true
        // It is a standby: after a failover the next session leads to the primary.
        case .readOnlySqlTransaction: true
        default: isConnectionLoss
        }
    }

    /// The values sent are at fault: sending them again fails again, other values in the same batch may be fine.
    ///
    /// A list, because whoever reads it refuses the values for good. Of a server's error ask `ServerError.isDataError`.
    package var isDataError: Bool {
        switch self {
        // A value is none of its type, or too large for it.
        case .stringDataRightTruncation, .numericValueOutOfRange, .invalidDatetimeFormat, .datetimeFieldOverflow,
            .divisionByZero, .intervalFieldOverflow, .characterNotInRepertoire, .invalidParameterValue,
            .invalidJSONText, .invalidTextRepresentation, .invalidBinaryRepresentation, .untranslatableCharacter:
            true
        // It contradicts a rule, or other values.
        case .notNullViolation, .foreignKeyViolation, .uniqueViolation, .checkViolation: true
        // It is too long for an index, or nested too deep.
        case .programLimitExceeded, .statementTooComplex: true
        default: false
        }
    }

    /// The session is over, or never began.
    package var isConnectionLoss: Bool {
        switch self {
        case .adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransactionSessionTimeout, .idleSessionTimeout:
            true
        default: errorClass == "08"
        }
    }
}

extension ServerError {
    /// See `SQLState.isTransient`; and a row that was sent to the wrong partition.
    package var isTransient: Bool { state.isTransient || isMisrouted }

    /// See `SQLState.isDataError`; but not a row that was sent to the wrong partition.
    package var isDataError: Bool { state.isDataError && !isMisrouted }

    /// The row's partition was attached or detached while the statement was on its way to it: a violation of no constraint
    /// that has a name. The next try finds the partitions as they are then.
    private var isMisrouted: Bool { state == .checkViolation && constraint == nil }
}
