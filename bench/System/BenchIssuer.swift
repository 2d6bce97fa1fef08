import Basics
import Core
import Crypto
import Foundation

/// An issuer whose tokens the measured API takes: one key, and one token that lasts as long as any measurement.
struct BenchIssuer {
    /// What starts are sent with.
    let token: String
    /// Where the file stands that `JWT_ISSUERS_FILE` names.
    let file: String

    /// - Parameter folder: of the run, removed with it.
    init(in folder: String) throws {
        let key = P256.Signing.PrivateKey()
        let claims: JSON = [
            "iss": "urn:bench", "aud": "sagaflow", "sub": "bench", "roles": ["starter"],
            "exp": JSON(Int(Date().timeIntervalSince1970) + 86_400),
        ]
        let signed =
            Base64URL.encode((["alg": "ES256", "typ": "JWT"] as JSON).bytes) + "." + Base64URL.encode(claims.bytes)
        let signature = try key.signature(for: Data(signed.utf8))
        token = signed + "." + Base64URL.encode(Array(signature.rawRepresentation))
        let (pem, issuers) = (URL(filePath: folder + "/issuer.pem"), URL(filePath: folder + "/issuers.json"))
        try Data(key.publicKey.pemRepresentation.utf8).write(to: pem)
        let issuer: JSON = [
            "name": "bench", "issuer": "urn:bench", "audience": "sagaflow", "publicKeyFile": "issuer.pem",
            "algorithms": ["ES256"], "tenant": "*", "allTenants": true, "roles": ["starter": "starter"],
        ]
        try Data((["issuers": [issuer]] as JSON).bytes).write(to: issuers)
        file = issuers.path()
    }
}
