internal import Glibc

/// Keyword and value arrays as `PQconnectdbParams` wants them: C strings, ended by a null pointer.
struct CStrings: ~Copyable {
    private let memory: [UnsafeMutablePointer<CChar>?]
    let keywords: [UnsafePointer<CChar>?]
    let values: [UnsafePointer<CChar>?]

    init(_ pairs: [(keyword: String, value: String)]) {
        let names = pairs.map { strdup($0.keyword) }
        let texts = pairs.map { strdup($0.value) }
        memory = names + texts
        keywords = names.map { UnsafePointer($0) } + [nil]
        values = texts.map { UnsafePointer($0) } + [nil]
    }

    deinit { for string in memory { free(string) } }
}
