internal import Core
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOHTTP1

extension Response {
    /// A JSON body, taken as it is.
    static func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        Response(
            status: HTTPResponse.Status(integerLiteral: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An RFC 9457 problem.
    static func problem(_ status: Int, _ detail: String) -> Response {
        let json: JSON = [
            "type": "about:blank", "title": JSON(HTTPResponseStatus(statusCode: status).reasonPhrase),
            "status": JSON(status),
            "detail": JSON(detail),
        ]
        return Response(
            status: HTTPResponse.Status(integerLiteral: status), headers: [.contentType: "application/problem+json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// A text body.
    static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
