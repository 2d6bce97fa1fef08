/// A statement as one session knows it.
struct PreparedStatement {
    /// The name on the server, as a C string.
    let name: [CChar]
    /// Object ids of the parameters it was prepared with.
    let types: [UInt32]

    init(number: Int, types: [UInt32]) {
        self.name = Array("s\(number)".utf8CString)
        self.types = types
    }
}
