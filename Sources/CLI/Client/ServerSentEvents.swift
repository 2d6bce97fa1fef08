/// Takes a byte stream apart into server-sent events (WHATWG HTML, §9.2.6), as far as the API uses them.
struct ServerSentEvents {
    /// One event.
    struct Event: Hashable, Sendable {
        /// The stream's last `id` so far.
        var id: String
        var data: String
    }

    private var line: [UInt8] = []
    private var endsWithReturn = false
    private var id = ""
    private var data: [String] = []

    /// Events that are complete with these bytes. A line may end in LF, CR or CRLF, and anywhere between two calls.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            defer { endsWithReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where endsWithReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default: line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { data = [] }
            return data.isEmpty ? nil : Event(id: id, data: data.joined(separator: "\n"))
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: name, as: UTF8.self) {
        case "id": id = String(decoding: value, as: UTF8.self)
        case "data": data.append(String(decoding: value, as: UTF8.self))
        default: break  // comments have no name; nothing else matters here
        }
        return nil
    }
}
