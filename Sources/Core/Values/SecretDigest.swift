internal import Crypto

/// What is kept of a secret that others show: SHA-256, which is enough for one that nobody can guess.
package struct SecretDigest: Sendable, Hashable {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// - Parameter bytes: as they were stored; never equal to any secret's unless they are 32.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(of secret: String) {
        var secret = secret
        bytes = secret.withUTF8 { Array(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
    }

    /// Takes the same time whatever differs.
    package func fits(_ other: SecretDigest) -> Bool {
        bytes.count == 32 && other.bytes.count == 32
            && zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
