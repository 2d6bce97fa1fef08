import ArgumentParser
import Core
import NIOCore

/// Where starts are sent, and the bytes of a start.
struct APITarget: ParsableArguments {
    @Option(help: "The API's port on 127.0.0.1.")
    var port: Int

    /// A complete request; every start is the same but for its run id, which the API makes.
    var startRequest: ByteBuffer {
        let body = String(decoding: (["input": BenchWorkflow.input] as JSON).bytes, as: UTF8.self)
        return ByteBuffer(
            string: "POST /v1/workflows/\(BenchWorkflow.name)/start HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\n"
                + "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}
