import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

/// A bulk start: sends a file's lines and reads their results at the same time.
struct ImportRequest {
    let workflow: String
    let correlationID: String?
    let file: LineFile

    /// Results are objects of bounded size: a problem names at most twenty places.
    private static let maxResultBytes = 4 << 20

    /// Gives every result to `take`, which says whether to go on.
    ///
    /// - Throws: `CLIError.unreachable` when the connection breaks, `.refused` when nothing was taken at all.
    func send(_ client: APIClient, _ take: (JSON) throws(CLIError) -> Bool) async throws(CLIError) {
        var request = HTTPClientRequest(url: "\(client.url)/v1/workflows/\(workflow.pathSegment)/start-batch")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        if let token = client.token { request.headers.add(contentsOf: APIClient.credential(token)) }
        if let correlationID { request.headers.add(name: "x-correlation-id", value: correlationID) }
        request.body = .stream(file, length: .unknown)
        defer { file.cancel() }
        do {
            let response = try await client.http.execute(request, deadline: .distantFuture)
            try await APIClient.check(response)
            var line = ByteBuffer()
            for try await var piece in response.body {
                while let end = piece.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                    var rest = piece.readSlice(length: end - piece.readerIndex) ?? ByteBuffer()
                    piece.moveReaderIndex(forwardBy: 1)
                    line.writeBuffer(&rest)
                    guard try take(try Self.parse(line)) else { return }
                    line.clear()
                }
                line.writeBuffer(&piece)
                guard line.readableBytes <= Self.maxResultBytes else { throw CLIError.misunderstood("an endless line") }
            }
        } catch let error as CLIError {
            throw error
        } catch {
            throw .unreachable(url: client.url, reason: APIClient.reason(error))
        }
    }

    private static func parse(_ line: ByteBuffer) throws(CLIError) -> JSON {
        do { return try JSON(parsing: line.readableBytesView, limits: .answers) } catch {
            throw .misunderstood("a result is no JSON: \(error.message)")
        }
    }
}
