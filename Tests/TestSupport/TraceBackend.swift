import AsyncHTTPClient
package import Core
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

/// A tracing backend that is none of ours (Phoenix), for the time of a test: it takes OTLP over HTTP, keeps the spans,
/// and is asked for them.
///
/// What it does not keep (a span's kind and flags, the resource) is checked by `decode`, with the standard's own schema.
package final class TraceBackend: Sendable {
    package struct Trouble: Error, CustomStringConvertible {
        package let description: String
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    package let endpoint: String

    private init(port: Int) { endpoint = "http://127.0.0.1:\(port)" }

    /// Runs `body` with a fresh backend, which takes some 20 seconds to start.
    package static func with<Value>(_ body: (TraceBackend) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-traces-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try freePort()
        let program = try PythonProgram(
            serverScript, folder: folder,
            environment: [
                "PHOENIX_WORKING_DIR": folder.path, "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": "\(port)",
                "PHOENIX_GRPC_PORT": "\(try freePort())", "PHOENIX_SQL_DATABASE_URL": "sqlite:///:memory:",
                "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
            ])
        let outcome: Result<Value, any Error>
        do {
            let backend = TraceBackend(port: port)
            try await backend.waitUntilReady(program)
            outcome = .success(try await body(backend))
        } catch { outcome = .failure(error) }
        await program.stop()
        try FileManager.default.removeItem(at: folder)
        return try outcome.get()
    }

    /// The spans of a trace once there are `count` of them.
    ///
    /// - Parameters:
    ///   - trace: 32 hexadecimal digits; nil means all there are.
    ///   - limit: how long to wait for them; `Trouble` when it is over.
    package func spans(
        of trace: String? = nil, atLeast count: Int = 1, within limit: Duration = .seconds(20)
    ) async throws -> [StoredSpan] {
        let end = ContinuousClock.now + limit
        while true {
            let found = try await allSpans().filter { trace == nil || $0.traceID == trace }
            if found.count >= count { return found }
            guard .now < end else {
                throw Trouble(description: "\(found.count) spans of \(trace ?? "all traces") after \(limit): \(found)")
            }
            // The backend has no way to tell when it has stored something.
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A request's body, decoded with the schema of opentelemetry-proto and shown as its JSON.
    ///
    /// `Trouble` when it does not fit, or has fields that the schema has not.
    package static func decode(_ request: [UInt8]) async throws -> JSON {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-otlp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let body = folder.appending(path: "body")
        try Data(request).write(to: body)
        let program = try PythonProgram(decodeScript, folder: folder, environment: ["BODY": body.path])
        await program.waitForEnd()
        let output = program.output
        try FileManager.default.removeItem(at: folder)
        do { return try JSON(parsing: output) } catch { throw Trouble(description: output) }
    }

    private func allSpans() async throws -> [StoredSpan] {
        var found: [StoredSpan] = []
        var cursor: String?
        repeat {
            let page = try await get(
                "/v1/projects/default/spans/otlpv1?limit=500" + (cursor.map { "&cursor=\($0)" } ?? ""))
            found += (page["data"]?.array ?? []).compactMap(StoredSpan.init)
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        return found
    }

    private func get(_ path: String) async throws -> JSON {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: endpoint + path), timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 64 << 20)
        guard response.status == .ok else {
            throw Trouble(description: "\(path): \(response.status) \(String(buffer: body))")
        }
        return try JSON(parsing: Array(body.readableBytesView))
    }

    private func waitUntilReady(_ program: PythonProgram) async throws {
        for _ in 0..<600 {
            guard program.isRunning else { break }
            if (try? await get("/v1/projects")) != nil { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw Trouble(description: "the backend did not start: \(program.output.suffix(2000))")
    }

    /// Free now; nobody but us is likely to take it in the next seconds.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Trouble(description: "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static let serverScript = """
        import sys
        sys.argv = ["phoenix", "serve"]
        from phoenix.server.main import main
        main()
        """

    private static let decodeScript = """
        import os
        from google.protobuf import json_format, unknown_fields
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        def check(message):
            assert len(unknown_fields.UnknownFieldSet(message)) == 0, message
            for field, value in message.ListFields():
                if field.message_type:
                    for part in value if hasattr(value, "add") else [value]:
                        check(part)

        with open(os.environ["BODY"], "rb") as file:
            request = ExportTraceServiceRequest.FromString(file.read())
        check(request)
        print(json_format.MessageToJson(request, indent=None))
        """
}
