internal import Crypto

/// A row of the audit trail: somebody changed something, or was refused. All as it is stored: a row that says what this release
/// does not know is verified like any other.
package struct AuditEntry: Sendable, Hashable {
    /// Whose chain it is in; `*` for what belongs to all tenants.
    package let tenantID: String
    /// Its place in that chain: from 1, without gaps.
    package let number: Int64
    package let at: Instant
    /// An admin token's name, `key:NAME/ID`, or `client` for nobody in particular.
    package let actor: String
    /// What was done, as in `cancel_run`; of a refusal the method and path that were asked for.
    package let action: String
    /// `workflows/NAME`, `workflows/NAME/VERSION`, `participants/NAME`, `runs/ID` or `keys/ID`; nil for nothing in particular.
    package let subject: String?
    /// `done` or `refused`.
    package let outcome: String
    /// Why it was refused; nil for what was done.
    package let reason: String?
    package let clientAddress: String?
    package let requestID: String?
    /// 32 hexadecimal digits.
    package let traceID: String?
    /// JSON text, byte for byte; never a secret.
    package let detail: [UInt8]
    /// 32 bytes: the hash of the row before, or zeros.
    package let previousHash: [UInt8]
    /// 32 bytes, as they are stored.
    package let hash: [UInt8]

    package init(
        tenantID: String, number: Int64, at: Instant, actor: String, action: String, subject: String?, outcome: String,
        reason: String?, clientAddress: String?, requestID: String?, traceID: String?, detail: [UInt8],
        previousHash: [UInt8], hash: [UInt8]
    ) {
        self.tenantID = tenantID
        self.number = number
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.reason = reason
        self.clientAddress = clientAddress
        self.requestID = requestID
        self.traceID = traceID
        self.detail = detail
        self.previousHash = previousHash
        self.hash = hash
    }

    /// What `hash` has to be: SHA-256 of the hash of the row before and of all values, each with its length before it, as in
    /// `5:hello,`, and `-,` for one that is not there. So no two rows look alike. `audit_hash` in SQL computes the same.
    package var computedHash: [UInt8] {
        var bytes = previousHash
        func field(_ text: String?) {
            guard let text else { return bytes.append(contentsOf: "-,".utf8) }
            bytes.append(contentsOf: "\(text.utf8.count):\(text),".utf8)
        }
        field(Self.form)
        field(tenantID)
        field(String(number))
        field(String(at.microseconds))
        for value in [actor, action, subject, outcome, reason, clientAddress, requestID, traceID] { field(value) }
        bytes.append(contentsOf: "\(detail.count):".utf8)
        bytes += detail
        bytes.append(UInt8(ascii: ","))
        return Array(SHA256.hash(data: bytes))
    }

    /// Names how values are put together; another way gets another name.
    private static let form = "sagaflow-audit-1"
}

/// A place in the chain of a tenant, and the hash of the row there. What is noted elsewhere to compare the chain with later.
package struct AuditHead: Sendable, Hashable {
    package let tenantID: String
    /// 0 before the first row.
    package let number: Int64
    /// 32 bytes.
    package let hash: [UInt8]

    package init(tenantID: String, number: Int64, hash: [UInt8]) {
        self.tenantID = tenantID
        self.number = number
        self.hash = hash
    }

    /// Reads `TENANT:NUMBER:HASH`; a tenant's id may hold colons. Nil when it is no such thing.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3, let number = Int64(parts[parts.count - 2]), number >= 0,
            let hash = Self.bytes(parts[parts.count - 1]), hash.count == 32
        else { return nil }
        let tenantID = parts.dropLast(2).joined(separator: ":")
        guard tenantID == TenantScope.allName || ClientLabel.isTenant(tenantID) else { return nil }
        self.init(tenantID: tenantID, number: number, hash: hash)
    }

    /// `TENANT:NUMBER:HASH`.
    package var text: String { "\(tenantID):\(number):\(hashText)" }

    /// 64 hexadecimal digits.
    package var hashText: String { Self.text(of: hash) }

    package static func text(of hash: [UInt8]) -> String {
        hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    private static func bytes(_ digits: Substring) -> [UInt8]? {
        let digits = Array(digits.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[start])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[start + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
