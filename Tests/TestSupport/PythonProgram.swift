package import Core
import Foundation
import Synchronization

/// A script that the Python named by TEST_OTLP_PYTHON runs. It ends with us, however we end.
final class PythonProgram: Sendable {
    struct NotConfigured: Error, CustomStringConvertible {
        let description =
            "TEST_OTLP_PYTHON is not set: it must name a Python that has what scripts/lib/otlp-requirements.txt lists"
    }

    private let pid: Int32
    private let log: URL
    /// Its standard input: the script ends when it is closed, by us or by our end.
    private let lifeline: FileHandle
    private let ending: Ending

    init(_ script: String, folder: URL, environment: [String: String]) throws {
        guard let python = ProcessInfo.processInfo.environment["TEST_OTLP_PYTHON"] else { throw NotConfigured() }
        log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        let input = Pipe()
        lifeline = input.fileHandleForWriting
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", Self.endsWithUs + script]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        let ending = Ending()
        process.terminationHandler = { _ in ending.note() }
        try process.run()
        try output.close()
        pid = process.processIdentifier
        self.ending = ending
    }

    var isRunning: Bool { !ending.hasCome }

    /// What it wrote so far.
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    func waitForEnd() async { await ending.wait() }

    func stop() async {
        if isRunning { kill(pid, SIGKILL) }
        await waitForEnd()
    }

    private static let endsWithUs = """
        import os, threading
        threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()

        """

    /// Comes once; everybody who waits goes on then.
    private final class Ending: Sendable {
        private struct State {
            var hasCome = false
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        var hasCome: Bool { state.withLock { $0.hasCome } }

        func note() {
            let waiting = state.withLock { state in
                state.hasCome = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }

        func wait() async {
            await withCheckedContinuation { continuation in
                let hasCome = state.withLock { state in
                    if !state.hasCome { state.waiting.append(continuation) }
                    return state.hasCome
                }
                if hasCome { continuation.resume() }
            }
        }
    }
}

/// Tokens (JWT) that others than we have signed: PyJWT, Authlib and joserfc.
package enum PythonTokens {
    package struct Trouble: Error, CustomStringConvertible {
        package let description: String
    }

    /// `{"jwks": {"keys": […]}, "tokens": [{"by", "alg", "token"}]}`, one of each library and algorithm, all with these claims.
    package static func make(_ claims: JSON) async throws -> JSON {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-tokens-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let program = try PythonProgram(script, folder: folder, environment: ["CLAIMS": claims.text])
        await program.waitForEnd()
        let output = program.output
        try FileManager.default.removeItem(at: folder)
        // What libraries warn of comes before.
        let last = output.split(separator: "\n").last.map(String.init) ?? ""
        do { return try JSON(parsing: last) } catch { throw Trouble(description: output) }
    }

    private static let script = """
        import json, os
        import jwt
        from jwt.algorithms import get_default_algorithms
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
        from authlib.jose import JsonWebSignature
        from joserfc import jwt as joserfc_jwt
        from joserfc.jwk import ECKey, OKPKey, RSAKey

        claims = json.loads(os.environ["CLAIMS"])
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        keys = {a: rsa_key for a in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]}
        keys["ES256"] = ec.generate_private_key(ec.SECP256R1())
        keys["ES384"] = ec.generate_private_key(ec.SECP384R1())
        keys["ES512"] = ec.generate_private_key(ec.SECP521R1())
        keys["EdDSA"] = ed25519.Ed25519PrivateKey.generate()
        known = get_default_algorithms()
        jwks, tokens = [], []
        for alg, key in keys.items():
            public = known[alg].to_jwk(key.public_key(), as_dict=True)
            jwks.append({**public, "kid": alg, "alg": alg, "use": "sig", "key_ops": ["verify"]})
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            tokens.append({"by": "pyjwt", "alg": alg, "token": jwt.encode(claims, key, alg, headers={"kid": alg})})
            signed = JsonWebSignature().serialize_compact(
                {"alg": alg, "kid": alg, "typ": "at+jwt"}, json.dumps(claims).encode(), pem)
            tokens.append({"by": "authlib", "alg": alg, "token": signed.decode()})
            kind = RSAKey if alg[0] in "RP" else ECKey if alg.startswith("ES") else OKPKey
            signed = joserfc_jwt.encode({"alg": alg, "kid": alg}, claims, kind.import_key(pem), algorithms=[alg])
            tokens.append({"by": "joserfc", "alg": alg, "token": signed})
        print(json.dumps({"jwks": {"keys": jwks}, "tokens": tokens}))
        """
}
