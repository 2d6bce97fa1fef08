internal import Glibc
internal import NIOCore
internal import NIOSSL

/// What every TLS connection of a client shares: full verification, the system's and the configured trust roots,
/// HTTP/1.1.
struct TLSContext: Sendable {
    private let context: NIOSSLContext

    init(trustRootsFile: String?) throws(ParticipantsError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        // A participant that does not answer our closing must not hold the connection for long.
        configuration.shutdownTimeout = .milliseconds(500)
        if let trustRootsFile {
            do {
                let certificates = try NIOSSLCertificate.fromPEMFile(trustRootsFile)
                configuration.additionalTrustRoots = [.certificates(certificates)]
            } catch {
                throw .invalidTrustRoots(
                    "The trust roots in \(trustRootsFile) cannot be read: \(Self.reason(reading: trustRootsFile)).")
            }
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .invalidTLSConfiguration("TLS cannot be set up: \(Self.reason(of: error)).")
        }
    }

    /// A handler that checks the certificate against the host; a numeric host is checked against the address connected
    /// to.
    func makeHandler(host: String) throws -> NIOSSLClientHandler {
        let isNumeric = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isNumeric ? nil : host)
    }

    /// Why a file of certificates can't be used; the library does not say.
    private static func reason(reading file: String) -> String {
        access(file, R_OK) == 0 ? "it holds no certificate in PEM form" : String(cString: strerror(errno)).lowercased()
    }

    /// What went wrong in a handshake, in words that fit a log; the library's own hold source paths and error stacks.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "its certificate is for another host"
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            "its certificate is not trusted"
        case NIOSSLError.handshakeFailed(let cause) where "\(cause)".contains("WRONG_VERSION_NUMBER"):
            "it does not speak TLS"
        case NIOSSLError.handshakeFailed, NIOSSLError.uncleanShutdown, is IOError:
            "it was broken off"
        default:
            "\(type(of: error))"
        }
    }
}
