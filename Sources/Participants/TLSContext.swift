internal import Glibc
internal import NIOCore
internal import NIOSSL

/// What TLS connections of a client share: full verification, the system's and the configured trust roots, or authorities of
/// their own, HTTP/1.1, and what the client proves itself with.
struct TLSContext: Sendable {
    private let context: NIOSSLContext

    /// - Parameters:
    ///   - trustRootsFile: authorities to trust beside the system's.
    ///   - authorities: those to trust instead of all others; nil for none of its own.
    ///   - chain: the client's certificate and those that it was issued by; nil for none.
    ///   - key: its private key.
    init(
        trustRootsFile: String?, authorities: [NIOSSLCertificate]? = nil, chain: [NIOSSLCertificate]? = nil,
        key: NIOSSLPrivateKey? = nil
    ) throws(ParticipantsError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        // A participant that does not answer our closing must not hold the connection for long.
        configuration.shutdownTimeout = .milliseconds(500)
        if let authorities { configuration.trustRoots = .certificates(authorities) }
        if let chain, let key {
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(key)
        }
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
        case _ where refusesClient(error):
            "it does not take the certificate that it was shown, or none"
        case NIOSSLError.handshakeFailed, NIOSSLError.uncleanShutdown, is IOError:
            "it was broken off"
        default:
            "\(type(of: error))"
        }
    }

    /// What a server says that does not let this client in (RFC 8446 §6.2). In TLS 1.3 it can do so only when the client believes
    /// that all is well, and has sent a request; but before the handshake is over nothing of that is passed on.
    private static let refusals = [
        "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_REVOKED",
        "CERTIFICATE_EXPIRED",
        "CERTIFICATE_UNKNOWN", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE",
    ].map { "_ALERT_\($0)" }

    /// The server has ended the handshake because of what the client has shown, or not shown.
    static func refusesClient(_ error: any Error) -> Bool {
        let text = "\(error)"
        return refusals.contains { text.contains($0) }
    }
}
