internal import Glibc
internal import NIOSSL

/// What connections to some participants are made with: a certificate of the client's own, authorities of their own, or both.
///
/// Connections belong to the object they were made with, and are shared by no other, whatever is in its files. Who has new files
/// makes a new one.
package final class TLSIdentity: Sendable {
    /// The files, in PEM.
    package struct Files: Hashable, Sendable {
        /// The client's certificate, those that it was issued by, and its private key, unless that is in `key`.
        package var certificate: [UInt8]?
        package var key: [UInt8]?
        /// The authorities that may have issued the participant's certificate: these and no others; nil for those of all.
        package var authorities: [UInt8]?

        package init(certificate: [UInt8]?, key: [UInt8]? = nil, authorities: [UInt8]?) {
            self.certificate = certificate
            self.key = key
            self.authorities = authorities
        }
    }

    package let files: Files
    let context: TLSContext
    /// When the client's certificate begins and ceases to be good, in seconds since 1970; nil when there is none.
    private let validity: (from: Int, to: Int)?

    /// - Parameter trustRootsFile: authorities to trust beside the system's, where `files` names none.
    /// - Throws: `.invalidTLSConfiguration` or `.invalidTrustRoots`, with the end of a sentence.
    package init(_ files: Files, trustRootsFile: String?) throws(ParticipantsError) {
        self.files = files
        let chain = try files.certificate.map { bytes throws(ParticipantsError) in
            try Self.certificates(bytes, "the client's certificate")
        }
        var key: NIOSSLPrivateKey?
        if let chain, let bytes = files.key ?? files.certificate {
            do { key = try NIOSSLPrivateKey(bytes: bytes, format: .pem) } catch {
                throw .invalidTLSConfiguration("the client's private key is not there in PEM form")
            }
            validity = (Int(chain[0].notValidBefore), Int(chain[0].notValidAfter))
        } else {
            validity = nil
        }
        let authorities = try files.authorities.map { bytes throws(ParticipantsError) in
            try Self.certificates(bytes, "the authorities' certificates")
        }
        context = try TLSContext(
            trustRootsFile: authorities == nil ? trustRootsFile : nil, authorities: authorities, chain: chain, key: key)
    }

    /// Why its certificate can't be shown at this moment, the end of a sentence; nil when it can. It is asked before calls are made:
    /// what a server refuses may have been sent by then.
    package func fault(at seconds: Int = time(nil)) -> String? {
        guard let validity else { return nil }
        if seconds > validity.to { return "the client's certificate has expired" }
        return seconds < validity.from ? "the client's certificate is not valid yet" : nil
    }

    private static func certificates(
        _ bytes: [UInt8], _ what: String
    ) throws(ParticipantsError) -> [NIOSSLCertificate] {
        do {
            let found = try NIOSSLCertificate.fromPEMBytes(bytes)
            if !found.isEmpty { return found }
        } catch {
            // Whatever the library says of it, it is not what it should be.
        }
        throw .invalidTLSConfiguration("\(what) are not there in PEM form")
    }
}

/// Where connections lead and what they are made with.
struct PoolKey: Hashable {
    let origin: Origin
    let identity: TLSIdentity?

    static func == (left: PoolKey, right: PoolKey) -> Bool {
        left.identity === right.identity && left.origin == right.origin
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(origin)
        if let identity { hasher.combine(ObjectIdentifier(identity)) }
    }
}
