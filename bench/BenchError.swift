/// Why a measurement ended without a figure.
enum BenchError: Error, CustomStringConvertible {
    /// The API answered a start with something that is neither 202 nor 503.
    case refused(status: Int, body: String = "")
    /// A connection to the API was closed or never came about.
    case disconnected(String)
    /// The participant, or a program that helps, does not do what it is told.
    case disobeyed(String)
    /// Runs ended otherwise than they should, or their number is wrong.
    case wrongEnd(expected: String, found: String)
    /// What was to be measured did not come about: a fault, a load, a state.
    case invalid(String)
    /// Nothing moved for too long.
    case stalled(String)
    /// A process that is to be measured is not there.
    case noProcess(Int32)
    /// The floor can't be measured: a statement no longer has the shape its script relies on.
    case floor(String)

    var description: String {
        switch self {
        case .refused(let status, let body): "the API answered a start with \(status): \(body)"
        case .disconnected(let reason): "the connection to the API is gone: \(reason)"
        case .disobeyed(let what): what
        case .wrongEnd(let expected, let found): "the runs should be \(expected), but there are: \(found)"
        case .invalid(let what): "not a measurement: \(what)"
        case .stalled(let what): what
        case .noProcess(let pid): "there is no process \(pid) to measure"
        case .floor(let reason): "the floor can't be measured: \(reason)"
        }
    }
}
