import Testing

@testable import Redis

@Suite("Redis URL")
struct RedisConfigurationTests {
    @Test(
        "each part is read",
        arguments: [
            ("redis://h", "h", 6379, nil, nil, 0), ("redis://127.0.0.1:7000/3", "127.0.0.1", 7000, nil, nil, 3),
            ("redis://:s3cret@h:1/", "h", 1, nil, "s3cret", 0), ("redis://u:p%40%2F@h/1", "h", 6379, "u", "p@/", 1),
            ("redis://u:p@ss@[::1]:7/0", "::1", 7, "u", "p@ss", 0),
        ] as [(String, String, Int, String?, String?, Int)])
    func parts(url: String, host: String, port: Int, user: String?, password: String?, database: Int) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.host == host && configuration.port == port && configuration.database == database)
        #expect(configuration.user == user && configuration.password == password)
    }

    @Test(
        "a wrong URL is refused with a sentence that repeats no secret",
        arguments: [
            "", "h:6379", "http://:s3cret@h", "rediss://:s3cret@h", "redis://:s3cret@", "redis://:s3cret@h:0",
            "redis://:s3cret@h:65536",
            "redis://:s3cret@h:+7", "redis://:s3cret@h:x", "redis://:s3cret@h/x", "redis://:s3cret@h/-1",
            "redis://s3cret@h",
            "redis://:s3cret%4@h", "redis://:s3cret%ff@h", "redis://:s3cret@h?db=1", "redis://:s3cret@[::1",
            "redis://:s3cret@h\n",
            "redis://:s3cret@h/99999999999999999999",
        ])
    func refused(url: String) {
        #expect {
            try RedisConfiguration(url: url)
        } throws: { error in
            guard case RedisError.configuration(let problem) = error else { return false }
            return !problem.contains("s3cret") && !problem.isEmpty
        }
    }

    @Test("no way of printing a configuration shows the password")
    func passwordIsHidden() throws {
        let configuration = try RedisConfiguration(url: "redis://u:s3cret@h")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("s3cret"))
        }
    }
}

@Suite("Redis circuit")
struct RedisCircuitTests {
    @Test("the pause doubles from 50 ms to 2 s and starts over after a success")
    func pauses() {
        var circuit = RedisCircuit()
        var now = ContinuousClock.now
        #expect(circuit.refusal(at: now) == nil)
        for expected in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            circuit.trip(at: now)
            #expect(circuit.refusal(at: now) == .milliseconds(expected))
            now += .milliseconds(expected)
            #expect(circuit.refusal(at: now) == nil)
        }
        circuit.reset()
        circuit.trip(at: now)
        #expect(circuit.refusal(at: now) == .milliseconds(50))
    }
}
