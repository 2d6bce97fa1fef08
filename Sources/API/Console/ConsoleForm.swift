import Basics
import Core
import HTTPTypes
import Hummingbird
import NIOCore

/// The fields of a form that was sent, `application/x-www-form-urlencoded`; some may be there several times.
struct ConsoleForm: Sendable {
    private var fields: [(name: String, value: String)] = []

    /// A page has at most 500 runs to select, and an output at most 256 KiB.
    static let usualBytes = 1 << 20
    /// What is longer may take more than a millisecond to read, for which all connections of an event loop would wait.
    private static let briefBytes = 32 * 1024

    /// - Parameter most: bytes of the form as it is sent.
    /// - Throws: a problem for what is no form.
    init(_ request: Request, most: Int = usualBytes) async throws(Problem) {
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            throw Problem(.unsupportedMediaType, "This takes the form of its page.")
        }
        let buffer: ByteBuffer
        do { buffer = try await request.body.collect(upTo: most) } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge, "This form has at most \(most) bytes.")
        } catch {
            throw Problem(.malformedRequest, "The form ended too early.")
        }
        let bytes = Array(buffer.readableBytesView)
        guard let read = await Self.read(bytes) else {
            throw Problem(.malformedRequest, "The form holds a percent sign that encodes no text.")
        }
        fields = read
    }

    private static func read(_ bytes: [UInt8]) async -> [(name: String, value: String)]? {
        if bytes.count <= briefBytes { return FormEncoding.fields(bytes) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) { FormEncoding.fields(bytes) }
    }

    /// The field; nil when it is not there, or empty.
    subscript(name: String) -> String? {
        fields.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}

/// The query of a page. Unknown members are passed over: people keep addresses, and mail programs add to them.
struct ConsoleQuery: Sendable {
    private var values: [String: String] = [:]
    private var members: [(name: String, value: String)] = []

    init(_ request: Request) {
        for part in (request.uri.query ?? "").split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decodedText(sides[0]),
                let value = decodedText((sides.count > 1 ? sides[1] : "").replacing("+", with: " ")[...])
            else { continue }
            values[name] = value
            members.append((name, value))
        }
    }

    /// The member; nil when it is not there, or empty.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Of a member that may be there several times.
    func all(_ name: String) -> [String] { members.filter { $0.name == name }.map(\.value) }
}
