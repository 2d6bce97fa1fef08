internal import CHiredis
internal import Glibc

/// One logged-in hiredis context. Every call blocks the thread it is made on, up to its deadline, so only
/// `RedisClient`'s thread has one.
///
/// The socket is non-blocking and awaited with poll(2): hiredis's own timeouts count per system call, so a server
/// that sends a byte now and then could hold a caller for ever.
final class RedisSession {
    private let context: UnsafeMutablePointer<redisContext>

    private init(_ context: UnsafeMutablePointer<redisContext>) {
        self.context = context
    }

    deinit {
        redisFree(context)
    }

    /// Connects to the first of `addresses` that takes the connection, logs in and selects the database. Each has its
    /// share of the time: one that swallows packets must leave some for the next.
    static func open(
        _ configuration: RedisConfiguration, addresses: [String], deadline: ContinuousClock.Instant
    ) throws(RedisError) -> RedisSession {
        var failure = RedisError.connectFailed(endpoint: configuration.endpoint, reason: "the host has no address")
        for (index, address) in addresses.enumerated() {
            let now = ContinuousClock.now
            let share = now + now.duration(to: deadline) / (addresses.count - index)
            do throws(RedisError) {
                let session = try connect(configuration, address: address, deadline: share)
                try session.logIn(configuration, deadline: deadline)
                return session
            } catch .connectFailed(let endpoint, let reason) {
                failure = .connectFailed(endpoint: endpoint, reason: reason)
            } catch .timedOut(.connecting) {
                failure = .timedOut(.connecting)
            }
        }
        throw failure
    }

    /// False when something can be read although nothing was asked: the server has closed the connection.
    var isQuiet: Bool {
        var waiting = pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) == 0
    }

    /// Sends one command and reads its reply. After any error the session must not be used again.
    func roundTrip(_ arguments: [String], deadline: ContinuousClock.Instant) throws(RedisError) -> RedisReply {
        guard append(arguments) == REDIS_OK else { throw lost() }
        var isSent: Int32 = 0
        while true {
            guard redisBufferWrite(context, &isSent) == REDIS_OK else { throw lost() }
            if isSent != 0 { break }
            guard wait(for: POLLOUT, deadline: deadline) else { throw .timedOut(.sending) }
        }
        while true {
            var raw: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &raw) == REDIS_OK else { throw lost() }
            if let raw {
                defer { freeReplyObject(raw) }
                guard let reply = RedisReply(copying: raw.assumingMemoryBound(to: redisReply.self)) else {
                    throw .unexpectedReply(to: arguments[0])
                }
                return reply
            }
            guard wait(for: POLLIN, deadline: deadline) else { throw .timedOut(.reply) }
            guard redisBufferRead(context) == REDIS_OK else { throw lost() }
        }
    }

    private static func connect(
        _ configuration: RedisConfiguration, address: String, deadline: ContinuousClock.Instant
    ) throws(RedisError) -> RedisSession {
        func failed(_ reason: String) -> RedisError { .connectFailed(endpoint: configuration.endpoint, reason: reason) }
        guard let context = redisConnectNonBlock(address, Int32(configuration.port)) else {
            throw failed("no memory for a connection")
        }
        let session = RedisSession(context)
        guard context.pointee.err == 0 else { throw failed(session.errorText) }
        guard session.wait(for: POLLOUT, deadline: deadline) else { throw .timedOut(.connecting) }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(context.pointee.fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
            throw failed(String(cString: strerror(errno)))
        }
        guard code == 0 else { throw failed(String(cString: strerror(code))) }
        return session
    }

    private func logIn(_ configuration: RedisConfiguration, deadline: ContinuousClock.Instant) throws(RedisError) {
        if let password = configuration.password {
            let reply = try roundTrip(
                ["AUTH"] + (configuration.user.map { [$0] } ?? []) + [password], deadline: deadline)
            // The server's message is left out: some servers repeat the arguments they did not understand.
            if case .error(let code, _) = reply {
                throw .authenticationFailed(endpoint: configuration.endpoint, code: code)
            }
        }
        if configuration.database != 0 {
            let reply = try roundTrip(["SELECT", String(configuration.database)], deadline: deadline)
            switch reply {
            case .error("NOAUTH", _): throw .authenticationFailed(endpoint: configuration.endpoint, code: "NOAUTH")
            case .error(let code, let message):
                throw .connectFailed(endpoint: configuration.endpoint, reason: "\(code) \(message)")
            case .null, .integer, .status, .string, .array: break
            }
        }
    }

    /// Hands the command to hiredis: all arguments lie in one buffer, each with its length, so they may hold any byte.
    private func append(_ arguments: [String]) -> Int32 {
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for argument in arguments {
            bytes.append(contentsOf: argument.utf8)
            lengths.append(argument.utf8.count)
        }
        // A buffer without bytes may have no address, and hiredis wants one for each argument.
        bytes.append(0)
        return bytes.withUnsafeBytes { buffer in
            var offset = 0
            var pointers = lengths.map { length in
                defer { offset += length }
                return buffer.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
            }
            return redisAppendCommandArgv(context, Int32(arguments.count), &pointers, lengths)
        }
    }

    /// Whether the socket became ready, or broken, before the deadline.
    private func wait(for events: Int32, deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = ContinuousClock.now.duration(to: deadline).components
            guard left.seconds >= 0, left.attoseconds >= 0 else { return false }
            let milliseconds = min(left.seconds, 3600) * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
            var waiting = pollfd(fd: context.pointee.fd, events: Int16(events), revents: 0)
            let ready = poll(&waiting, 1, Int32(milliseconds))
            if ready > 0 { return true }
            // Interrupted by a signal: wait for what is left.
            if ready < 0, errno != EINTR { return true }
        }
    }

    private func lost() -> RedisError { .connectionLost(reason: errorText) }

    private var errorText: String {
        withUnsafeBytes(of: context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
