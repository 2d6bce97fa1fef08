internal import Glibc
import NIOCore

/// Why a server does not come to listen, in a sentence.
package enum ListenFailure {
    /// Nil when the error is of another kind.
    package static func sentence(_ error: any Error, host: String, port: Int) -> String? {
        switch error {
        case let error as IOError:
            let reason =
                switch error.errnoCode {
                case EADDRINUSE: "another process listens there"
                case EADDRNOTAVAIL: "this machine has no such address"
                case EACCES: "ports below 1024 need a privilege"
                case EMFILE, ENFILE: "too many files are open"
                case let code: String(cString: strerror(code))
                }
            return "can't listen on \(host):\(port): \(reason)"
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            return "can't listen on \(host):\(port): the name has no address"
        default:
            return nil
        }
    }
}
