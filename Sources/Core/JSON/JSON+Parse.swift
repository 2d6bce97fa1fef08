extension JSON {
    /// What a parser accepts at most.
    package struct Limits: Hashable, Sendable {
        /// Arrays and objects inside one another; 64 by contract.
        package var depth: Int
        /// UTF-8 bytes of a key as written.
        package var keyBytes: Int
        /// Characters of a number as written.
        package var numberBytes: Int
        /// The largest exponent of ten, either way: `1e9999` is five bytes here and ten thousand digits in a database.
        package var exponent: Int

        /// Depth is refused above 512: parsing is recursive.
        package init(depth: Int = 64, keyBytes: Int = 4096, numberBytes: Int = 1024, exponent: Int = 400) {
            precondition((1...512).contains(depth), "depth is within 1...512")
            self.depth = depth
            self.keyBytes = keyBytes
            self.numberBytes = numberBytes
            self.exponent = exponent
        }

        package static let `default` = Limits()
    }

    /// Parses one JSON text, strictly by RFC 8259 and within `limits`.
    ///
    /// Refused as malformed: anything outside the grammar, invalid UTF-8, a byte order mark, duplicate keys, too much
    /// depth. Refused for their content: U+0000 and lone surrogates written as escapes, keys and numbers beyond the
    /// limits. Numbers are never rounded.
    package init(parsing bytes: UnsafeBufferPointer<UInt8>, limits: Limits = .default) throws(JSONError) {
        var parser = JSONParser(bytes, limits: limits)
        self = try parser.document()
    }

    /// Parses one JSON text held in an array.
    package init(parsing bytes: [UInt8], limits: Limits = .default) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { JSON.result($0, limits) }.get()
    }

    /// Parses one JSON text held in raw memory, such as a network buffer.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: Limits = .default) throws(JSONError) {
        self = try bytes.withMemoryRebound(to: UInt8.self) { JSON.result($0, limits) }.get()
    }

    /// Parses one JSON text held in a string.
    package init(parsing text: String, limits: Limits = .default) throws(JSONError) {
        var text = text
        self = try text.withUTF8 { JSON.result($0, limits) }.get()
    }

    /// Parses one JSON text held in any collection; copies it unless its storage is contiguous.
    package init(parsing bytes: some Collection<UInt8>, limits: Limits = .default) throws(JSONError) {
        if let result = bytes.withContiguousStorageIfAvailable({ JSON.result($0, limits) }) {
            self = try result.get()
        } else {
            self = try JSON(parsing: Array(bytes), limits: limits)
        }
    }

    private static func result(_ bytes: UnsafeBufferPointer<UInt8>, _ limits: Limits) -> Result<JSON, JSONError> {
        do {
            return .success(try JSON(parsing: bytes, limits: limits))
        } catch {
            return .failure(error)
        }
    }
}
