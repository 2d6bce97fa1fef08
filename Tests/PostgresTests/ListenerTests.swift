import Testing

@testable import Postgres

@Suite(
    "A listener hears every notification sent while it is connected, and says when it was not", .timeLimit(.minutes(3)))
struct ListenerTests {
    private func channel(_ name: String) -> String { "\(name) \"\(UInt64.random(in: 0 ... .max))\"" }

    private func notify(_ connection: Connection, _ channel: String, _ payloads: String...) async throws {
        let name = try await connection.quoted(identifier: channel)
        for payload in payloads { try await connection.simpleQuery("NOTIFY \(name), '\(payload)'") }
    }

    @Test("notifications arrive in order, with payload, from the subscribed channels only")
    func order() async throws {
        let (one, two, other) = (channel("one"), channel("Two"), channel("other"))
        let sender = try await TestServer.connect()
        var events = Listener(try TestServer.configuration(), channels: [one, two]).makeAsyncIterator()
        #expect(await events.next() == .connected)
        try await notify(sender, one, "a", "b")
        try await notify(sender, other, "unheard")
        try await notify(sender, two, "")
        #expect(await events.next() == .notification(Notification(channel: one, payload: "a")))
        #expect(await events.next() == .notification(Notification(channel: one, payload: "b")))
        #expect(await events.next() == .notification(Notification(channel: two, payload: "")))
    }

    @Test("a killed connection is replaced, and the listener says so")
    func reconnect() async throws {
        let channel = channel("again")
        let sender = try await TestServer.connect()
        var configuration = try TestServer.configuration()
        let name = "listener-\(UInt32.random(in: 0 ... .max))"
        configuration.applicationName = name
        var events = Listener(configuration, channels: [channel]).makeAsyncIterator()
        #expect(await events.next() == .connected)
        for round in ["first", "second"] {
            try await sender.simpleQuery(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '\(name)'")
            #expect(await events.next() == .connected)
            try await notify(sender, channel, round)
            #expect(await events.next() == .notification(Notification(channel: channel, payload: round)))
        }
    }

    @Test("a connection that went dead without a word is found out by the heartbeat")
    func heartbeat() async throws {
        let configuration = try TestServer.configuration()
        let proxy = try Proxy(to: configuration)
        defer { proxy.stop() }
        let listener = Listener(
            try proxy.configuration(for: configuration), channels: [channel("dead")], heartbeat: .milliseconds(50))
        var events = listener.makeAsyncIterator()
        #expect(await events.next() == .connected)
        proxy.set(.cut)
        async let next = events.next()
        for await _ in proxy.cuts { break }
        proxy.set(.pass)
        #expect(await next == .connected)
    }

    @Test("cancelling ends the sequence while it waits, and while it cannot connect")
    func cancellation() async throws {
        let unreachable = try ConnectionConfiguration("host=127.0.0.1 port=1")
        for configuration in [try TestServer.configuration(), unreachable] {
            let (started, start) = AsyncStream<Void>.makeStream()
            let listening = Task {
                start.finish()
                for await _ in Listener(configuration, channels: ["x"]) {}
            }
            for await _ in started {}
            listening.cancel()
            await listening.value
        }
        let (connected, connect) = AsyncStream<Void>.makeStream()
        let configuration = try TestServer.configuration()
        let listening = Task {
            for await event in Listener(configuration, channels: ["x"], heartbeat: .seconds(600))
            where event == .connected { connect.finish() }
        }
        for await _ in connected {}
        listening.cancel()
        await listening.value
    }
}
