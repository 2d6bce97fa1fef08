import Core

/// The items of one page of a list, as text. It is full after a megabyte, however many items were asked for, and then ends with
/// the item that filled it.
struct Page {
    static let maxBytes = 1 << 20

    private var bytes: [UInt8] = [UInt8(ascii: "[")]
    private(set) var count = 0

    var isFull: Bool { bytes.count >= Self.maxBytes }

    mutating func add(_ item: JSON) { add(item.bytes) }

    mutating func add(_ item: [UInt8]) {
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += item
        count += 1
    }

    init() {}

    /// As many of these as fit.
    init(_ items: some Sequence<JSON>) {
        for item in items {
            if isFull { break }
            add(item)
        }
    }

    /// The whole answer, an object of these members and, as `name`, of the items.
    func text(_ name: String, _ members: JSONObject) -> [UInt8] {
        var text = JSONText()
        text.begin(members)
        text.member(name, bytes + [UInt8(ascii: "]")])
        text.end()
        return text.whole ?? []
    }
}
