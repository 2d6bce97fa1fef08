internal import CHiredis

/// A reply as RESP2 knows it. Strings are bytes read as UTF-8, bad sequences repaired: we store no binary values in
/// Redis.
package enum RedisReply: Hashable, Sendable {
    case null
    case integer(Int64)
    case status(String)
    case string(String)
    case array([RedisReply])
    /// An error reply; on the top level `RedisClient` throws it, so it is only met inside arrays.
    case error(code: String, message: String)

    /// The value of an integer reply.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The elements of an array reply.
    package var array: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}

extension RedisReply {
    /// Copies a reply out of hiredis's memory; nil for a type RESP2 does not have.
    init?(copying reply: UnsafePointer<redisReply>) {
        switch reply.pointee.type {
        case REDIS_REPLY_NIL: self = .null
        case REDIS_REPLY_INTEGER: self = .integer(reply.pointee.integer)
        case REDIS_REPLY_STATUS: self = .status(Self.text(reply))
        case REDIS_REPLY_STRING: self = .string(Self.text(reply))
        case REDIS_REPLY_ERROR:
            let text = Self.text(reply)
            let code = text.prefix { $0 != " " }
            self = .error(code: String(code), message: String(text.dropFirst(code.count + 1)))
        case REDIS_REPLY_ARRAY:
            var elements: [RedisReply] = []
            elements.reserveCapacity(reply.pointee.elements)
            for index in 0..<reply.pointee.elements {
                guard let child = reply.pointee.element[index], let element = Self(copying: child) else { return nil }
                elements.append(element)
            }
            self = .array(elements)
        default: return nil
        }
    }

    private static func text(_ reply: UnsafePointer<redisReply>) -> String {
        guard let start = reply.pointee.str else { return "" }
        let bytes = UnsafeRawBufferPointer(start: start, count: reply.pointee.len)
        return String(decoding: bytes, as: UTF8.self)
    }
}
