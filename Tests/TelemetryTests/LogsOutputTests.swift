import Dispatch
import Foundation
import Glibc
import Logging
import Settings
import Testing

@testable import Telemetry

@Suite("Where log lines go")
struct LogsOutputTests {
    /// A pipe; what is written does not block.
    private static func pipe() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        precondition(Glibc.pipe(&ends) == 0)
        for end in ends { precondition(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        return (ends[0], ends[1])
    }

    private static func read(_ descriptor: Int32) -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 { all += buffer[..<count] }
        return all
    }

    @Test("A full pipe delays nobody, and the line after a torn one begins on its own line")
    func full() {
        let (reader, writer) = Self.pipe()
        defer { [reader, writer].forEach { close($0) } }
        let standardError = StandardError(descriptor: writer)
        let line = [UInt8](repeating: UInt8(ascii: "a"), count: 50_000) + [UInt8(ascii: "\n")]
        let time = ContinuousClock().measure { for _ in 0..<5 { standardError.write(line) } }
        #expect(time < .seconds(5))
        let first = Self.read(reader)
        standardError.write(Array("next\n".utf8))
        let all = String(decoding: first + Self.read(reader), as: UTF8.self)
        #expect(all.hasSuffix("a\nnext\n"))
    }

    @Test("A pipe that blocks and that nobody reads delays nobody for long; what it does not take is counted")
    func blocking() throws {
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        try #require(fcntl(reader, F_SETFL, O_NONBLOCK) == 0)
        let standardError = StandardError(descriptor: writer)
        let line = [UInt8](repeating: UInt8(ascii: "a"), count: 3000) + [UInt8(ascii: "\n")]
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for _ in 0..<100 { standardError.write(line) }
            done.signal()
        }
        let isDone = done.wait(timeout: .now() + 5) == .success
        #expect(isDone, "100 lines are more than a pipe holds")
        // Lets the thread go if it waits.
        var taken = Self.read(reader)
        if !isDone { while done.wait(timeout: .now() + 0.1) == .timedOut { taken += Self.read(reader) } }
        standardError.write(Array("next\n".utf8))
        taken += Self.read(reader)
        let lines = taken.split(separator: UInt8(ascii: "\n"))
        #expect(lines.last == Array("next".utf8)[...])
        #expect(standardError.lost.value > 0 && lines.count + standardError.lost.value >= 101)
        [reader, writer].forEach { close($0) }
    }

    @Test("A reader that is gone hurts nobody")
    func gone() {
        signal(SIGPIPE, SIG_IGN)
        let (reader, writer) = Self.pipe()
        close(reader)
        defer { close(writer) }
        let standardError = StandardError(descriptor: writer)
        for _ in 0..<3 { standardError.write(Array("lost\n".utf8)) }
    }

    @Test("Lines of many threads are not mixed")
    func threads() async {
        let (reader, writer) = Self.pipe()
        defer { [reader, writer].forEach { close($0) } }
        let standardError = StandardError(descriptor: writer)
        await withDiscardingTaskGroup { group in
            for letter in UInt8(ascii: "a")...UInt8(ascii: "g") {
                group.addTask { standardError.write([UInt8](repeating: letter, count: 5000) + [UInt8(ascii: "\n")]) }
            }
        }
        let lines = Self.read(reader).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 7)
        #expect(lines.allSatisfy { $0.count == 5000 && Set($0).count == 1 })
    }
}

@Suite("Settings of logs")
struct LogsConfigurationTests {
    private static func read(_ environment: [String: String]) throws -> LogConfiguration {
        var settings = Settings(program: "p", about: "tests", arguments: ["p"], environment: environment)
        return try LogConfiguration(&settings)
    }

    @Test("Names are taken in any spelling, and add to those that are always sensitive")
    func names() throws {
        let configuration = try Self.read(["LOG_SENSITIVE": " E-Mail, tenant_key,,", "LOG_LEVEL": "DEBUG"])
        #expect(configuration.level == .debug)
        #expect(configuration.format == .auto)
        let names = SensitiveNames(configuration.sensitive)
        for name in ["email", "EMAIL", "tenantKey", "password"] { #expect(names.contains(name)) }
        #expect(!names.contains(""))
    }

    @Test("A bad value is named", arguments: [("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml")])
    func bad(variable: String, value: String) throws {
        let error = #expect(throws: SettingsError.self) { try Self.read([variable: value]) }
        #expect(try #require(error?.description).contains("(\(variable))"))
    }
}
