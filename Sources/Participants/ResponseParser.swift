internal import Basics

/// Reads the answers on one connection, byte by byte where it must, from a server that may be anything.
///
/// A pure state machine: bytes in, progress out; no sockets, no clocks. It is our own, and not the general parser of
/// the networking library, for two reasons. It knows exactly at which byte an answer ends, so that a connection on
/// which the server sent one byte too many is never used again (the next call would read a forged answer). And it keeps
/// five headers instead of making two strings of every one, on a path where each microsecond is paid at every step of
/// every run.
///
/// Stricter than it must be where leniency is a risk: no folded headers, no transfer encoding but `chunked`, no length
/// beside a transfer encoding. Lines may end in LF alone.
struct ResponseParser {
    /// What bounds the memory and the work a server can cause.
    struct Limits {
        /// All heads and trailers of one answer together, informational answers included.
        var headBytes = 64 * 1024
        var headerCount = 256
        var informationalAnswers = 8
        var bodyBytes = 256 * 1024
    }

    /// Successors: statusLine → field → (statusLine after 1xx | fixed | chunkSize | untilClose | excess | done);
    /// chunkSize → chunk | trailer | excess; chunk → chunkEnd → chunkSize; trailer → done; fixed → done;
    /// untilClose → done | excess.
    private enum Stage: Equatable {
        case statusLine
        case field
        case fixed(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailer
        case untilClose
        /// The body is too long, but the head decides: its beginning is read, and then the answer is given up.
        case excess
        case done
    }

    /// A size in hex and an extension nobody uses.
    private static let maxChunkLine = 256
    /// A length announced is not a length sent: no more than this is reserved on the server's word.
    private static let maxReservation = 16 * 1024
    /// What is read of a body that is too long, and kept of one that is cut off.
    static let keptBytes = 4096

    private let limits: Limits
    /// Of the current answer.
    private(set) var maxBodyBytes: Int
    private var stage = Stage.statusLine
    private var expectsBody = true
    /// The beginning of a line whose end has not been read yet.
    private var partialLine: [UInt8] = []
    private var headBytes = 0
    private var headerCount = 0
    private var informationalCount = 0
    private(set) var head = ResponseHead()
    private(set) var body: [UInt8] = []
    /// Whether any byte of the current answer was read.
    private(set) var hasBegun = false
    private var endedWithConnection = false

    init(limits: Limits) {
        self.limits = limits
        maxBodyBytes = limits.bodyBytes
    }

    /// Whether the answer is complete, its end was marked by something else than closing, and the server reads on.
    var mayReuseConnection: Bool { stage == .done && !endedWithConnection && head.keepsAlive }

    /// Whether the head is complete and says all that is to be known: what comes of the body changes nothing. A success
    /// is worth nothing without its body.
    var isDecided: Bool {
        switch stage {
        case .statusLine, .field: false
        case .fixed, .chunkSize, .chunk, .chunkEnd, .trailer, .untilClose, .excess, .done: head.isDecisive
        }
    }

    /// Forgets the last answer.
    ///
    /// - Parameters:
    ///   - expectsBody: false for HEAD.
    ///   - maxBodyBytes: of this answer; nil for the limit that all have.
    ///   - wantedHeaders: which headers are to be kept, in lower case.
    mutating func begin(expectsBody: Bool, maxBodyBytes: Int? = nil, wantedHeaders: [String] = []) {
        self.expectsBody = expectsBody
        self.maxBodyBytes = maxBodyBytes ?? limits.bodyBytes
        stage = .statusLine
        partialLine = []
        headBytes = 0
        headerCount = 0
        informationalCount = 0
        head = ResponseHead()
        head.wanted = wantedHeaders
        body = []
        hasBegun = false
        endedWithConnection = false
    }

    /// Reads on.
    ///
    /// - Returns: how many of the bytes belong to the answer, once it is complete; nil while more are needed.
    mutating func feed(_ input: Span<UInt8>) throws(ParseFault) -> Int? {
        if !input.isEmpty { hasBegun = true }
        var at = 0
        while stage != .done {
            switch stage {
            case .fixed(let remaining):
                let count = takeBody(input, &at, atMost: remaining)
                if count == remaining { stage = .done } else { stage = .fixed(remaining: remaining - count) }
            case .chunk(let remaining):
                let count = takeBody(input, &at, atMost: remaining)
                stage = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
            case .untilClose:
                if body.count + (input.count - at) > maxBodyBytes {
                    try exceed()
                } else {
                    takeBody(input, &at, atMost: input.count)
                }
            case .excess:
                takeBody(input, &at, atMost: Self.keptBytes - body.count)
                guard body.count < Self.keptBytes else { throw .tooLarge }
            case .statusLine, .field, .chunkSize, .chunkEnd, .trailer:
                try takeLine(input, &at)
            case .done:
                break
            }
            if at == input.count, stage != .done { return nil }
        }
        return at
    }

    /// The body does not fit. Where the head decides, its beginning is still worth being told.
    private mutating func exceed() throws(ParseFault) {
        guard head.isDecisive, body.count < Self.keptBytes else { throw .tooLarge }
        stage = .excess
    }

    /// The server closed. True when that ends the answer, false when it cuts it off.
    mutating func endOfInput() -> Bool {
        guard stage == .untilClose else { return stage == .done }
        stage = .done
        endedWithConnection = true
        return true
    }

    /// Hands out the body without a copy.
    mutating func takeBody() -> [UInt8] {
        exchange(&body, with: [])
    }

    @discardableResult
    private mutating func takeBody(_ input: Span<UInt8>, _ at: inout Int, atMost limit: Int) -> Int {
        let count = min(limit, input.count - at)
        if count > 0 {
            input.extracting(at..<(at + count)).withUnsafeBufferPointer { body.append(contentsOf: $0) }
            at += count
        }
        return count
    }
}

// MARK: - Lines

extension ResponseParser {
    /// Takes one line if its end is in the input, otherwise keeps what is there for the next read.
    private mutating func takeLine(_ input: Span<UInt8>, _ at: inout Int) throws(ParseFault) {
        let start = at
        while at < input.count, input[at] != 0x0A { at += 1 }
        let isComplete = at < input.count
        try countLine(at - start)
        if isComplete, partialLine.isEmpty {
            try readLine(input.extracting(start..<at))
        } else {
            input.extracting(start..<at).withUnsafeBufferPointer { partialLine.append(contentsOf: $0) }
            if isComplete {
                let line = exchange(&partialLine, with: [])
                try readLine(line.span)
            }
        }
        if isComplete { at += 1 }
    }

    private mutating func countLine(_ count: Int) throws(ParseFault) {
        switch stage {
        case .chunkSize, .chunkEnd:
            guard partialLine.count + count <= Self.maxChunkLine else {
                throw .malformed("a chunk's size line is too long")
            }
        case .statusLine, .field, .trailer, .fixed, .chunk, .untilClose, .excess, .done:
            headBytes += count + 1
            guard headBytes <= limits.headBytes else {
                throw .malformed("the headers exceed \(limits.headBytes) bytes")
            }
        }
    }

    private mutating func readLine(_ ended: Span<UInt8>) throws(ParseFault) {
        let hasReturn = !ended.isEmpty && ended[ended.count - 1] == 0x0D
        let line = ended.extracting(0..<(hasReturn ? ended.count - 1 : ended.count))
        switch stage {
        case .statusLine:
            try head.readStatusLine(line)
            stage = .field
        case .field:
            if line.isEmpty {
                try finishHead()
            } else {
                try countField()
                try head.readField(line)
            }
        case .chunkSize:
            try readChunkSize(line)
        case .chunkEnd:
            guard line.isEmpty else { throw .malformed("a chunk does not end where its size says") }
            stage = .chunkSize
        case .trailer:
            if line.isEmpty {
                stage = .done
            } else {
                try countField()
                _ = try ResponseHead.checkField(line)
            }
        case .fixed, .chunk, .untilClose, .excess, .done:
            preconditionFailure("no lines in stage \(stage)")
        }
    }

    private mutating func countField() throws(ParseFault) {
        headerCount += 1
        guard headerCount <= limits.headerCount else {
            throw .malformed("there are more than \(limits.headerCount) headers")
        }
    }

    private mutating func readChunkSize(_ line: Span<UInt8>) throws(ParseFault) {
        var (size, index) = (0, 0)
        while index < line.count, let digit = line[index].hexValue {
            guard index < 15 else { throw .malformed("a chunk's size is out of range") }
            size = size * 16 + Int(digit)
            index += 1
        }
        guard index > 0 else { throw .malformed("a chunk's size is not a number") }
        while index < line.count, line[index].isBlank { index += 1 }
        guard index == line.count || line[index] == UInt8(ascii: ";") else {
            throw .malformed("a chunk's size is not a number")
        }
        guard size > 0 else {
            stage = .trailer
            return
        }
        guard size <= maxBodyBytes - body.count else { return try exceed() }
        stage = .chunk(remaining: size)
    }

    /// Decides where the body ends (RFC 9112 §6.3).
    private mutating func finishHead() throws(ParseFault) {
        if head.isInformational {
            // 101 answers an upgrade that was never asked for.
            guard head.status != 101 else { throw .malformed("the protocol was switched unasked") }
            informationalCount += 1
            guard informationalCount <= limits.informationalAnswers else {
                throw .malformed("there are more than \(limits.informationalAnswers) informational answers")
            }
            let wanted = head.wanted
            head = ResponseHead()
            head.wanted = wanted
            stage = .statusLine
            return
        }
        guard expectsBody, head.status != 204, head.status != 304 else {
            stage = .done
            return
        }
        if head.isChunked {
            guard head.contentLength == nil, head.minorVersion == 1 else {
                throw .malformed("a transfer encoding contradicts a length or the version")
            }
            stage = .chunkSize
        } else if let length = head.contentLength {
            guard length <= maxBodyBytes else { return try exceed() }
            body.reserveCapacity(min(length, Self.maxReservation))
            stage = length == 0 ? .done : .fixed(remaining: length)
        } else {
            stage = .untilClose
        }
    }
}

/// Puts a new value in the old one's place without copying either.
private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
    var value = value
    swap(&place, &value)
    return value
}
