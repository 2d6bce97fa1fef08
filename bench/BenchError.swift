/// Why a measurement ended without a figure.
enum BenchError: Error, CustomStringConvertible {
    /// The API answered a start with something that is neither 202 nor 503.
    case refused(status: Int, body: String)
    /// A connection to the API was closed or never came about.
    case disconnected(String)
    /// An argument can't be used.
    case argument(String)
    /// Not all runs ended COMPLETED; what they ended as.
    case notCompleted(expected: Int, found: String)
    /// Nothing moved for too long.
    case stalled(String)
    /// A process that is to be measured is not there.
    case noProcess(Int32)
    /// The floor script can't be written: a statement no longer has the shape it relies on.
    case floor(String)

    var description: String {
        switch self {
        case .refused(let status, let body): "the API answered a start with \(status): \(body)"
        case .disconnected(let reason): "the connection to the API is gone: \(reason)"
        case .argument(let reason): reason
        case .notCompleted(let expected, let found): "\(expected) runs should be COMPLETED, but there are: \(found)"
        case .stalled(let what): what
        case .noProcess(let pid): "there is no process \(pid) to measure"
        case .floor(let reason): "the floor script can't be written: \(reason)"
        }
    }
}
