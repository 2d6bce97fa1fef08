import Testing

@testable import API

@Suite("The window of a bulk start")
struct ImportWindowTests {
    private static func window(lines: Int = 3, bytes: Int = 100) -> ImportWindow {
        ImportWindow(.init(lines: lines, bytes: bytes))
    }

    private static let problem = Problem(.requestTimeout, "Test.")

    @Test("holds no more lines than it may, and the reader goes on when results are taken, in order")
    func bound() async throws {
        let window = Self.window()
        var places: [Int] = []
        for line in 1...3 { places.append(try #require(await window.enter(line: line, bytes: 1))) }
        async let fourth = window.enter(line: 4, bytes: 1)
        // Whatever is done behind the first line is not given out before it.
        window.finish(places[2], [3])
        window.finish(places[1], [2])
        window.finish(places[0], [1])
        #expect(try await window.next() == [1, 2, 3])
        let place = try #require(await fourth)
        window.finish(place, [4])
        window.end()
        #expect(try await window.next() == [4])
        #expect(try await window.next() == nil)
        #expect(window.earlyEnd == nil)
    }

    @Test("Results that are ready are taken in pieces, however many they are")
    func pieces() async throws {
        let window = Self.window(lines: 10, bytes: 1000)
        for line in 1...5 {
            let place = try #require(await window.enter(line: line, bytes: 1))
            window.finish(place, [UInt8](repeating: UInt8(line), count: 50_000))
        }
        window.end()
        var sizes: [Int] = []
        while let piece = try await window.next() { sizes.append(piece.count) }
        #expect(sizes == [100_000, 100_000, 50_000])
    }

    @Test("A reader that found no room is not let in before results are taken", arguments: [(3, 1), (100, 50)])
    func full(lines: Int, bytes: Int) async throws {
        let window = Self.window(lines: lines)
        var places: [Int] = []
        for line in 1...(lines == 3 ? 3 : 2) {
            places.append(try #require(await window.enter(line: line, bytes: bytes)))
        }
        async let blocked = window.enter(line: 9, bytes: 1)
        for place in places.dropFirst() { window.finish(place, [0]) }
        window.stop(Self.problem)
        #expect(await blocked == nil)
        #expect(window.earlyEnd?.resumeFrom == places.count + 1)
        window.finish(places[0], [0])
        #expect(try await window.next()?.count == places.count)
        #expect(try await window.next() == nil)
    }

    @Test("A line larger than all the room goes alone")
    func large() async throws {
        let window = Self.window(bytes: 10)
        let place = try #require(await window.enter(line: 1, bytes: 1000))
        async let next = window.enter(line: 2, bytes: 1)
        window.finish(place, [1])
        #expect(try await window.next() == [1])
        #expect(await next != nil)
    }

    @Test("Closed, it sends everybody away")
    func closed() async throws {
        let window = Self.window(lines: 1)
        _ = await window.enter(line: 1, bytes: 1)
        async let reading = window.enter(line: 2, bytes: 1)
        async let writing: Bool = {
            do { return try await window.next() == nil } catch { return true }
        }()
        window.close()
        #expect(await reading == nil)
        #expect(await writing)
        await #expect(throws: CancellationError.self) { try await window.next() }
    }

    @Test("A client is silent only while nothing is due to it, and stuck only while something is written to it")
    func health() async throws {
        let window = Self.window()
        func health(
            silence: Duration = .zero, writing: Duration = .seconds(9), lastWriting: Duration = .seconds(9),
            ending: Duration = .seconds(9)
        ) -> ImportWindow.Health {
            window.health(.init(silence: silence, writing: writing, lastWriting: lastWriting, ending: ending))
        }
        #expect(health() == .silent)
        #expect(health(silence: .seconds(9)) == .good)
        let place = try #require(await window.enter(line: 1, bytes: 1))
        #expect(health() == .good, "a result is due")
        window.finish(place, [1])
        _ = try await window.next()
        #expect(health(lastWriting: .zero, ending: .zero) == .good, "it is being written")
        #expect(health(writing: .zero) == .stuck)
        window.end()
        #expect(try await window.next() == nil)
        window.stop(Self.problem)
        #expect(window.earlyEnd == nil, "all lines had been read")
        #expect(health() == .good)
        #expect(health(lastWriting: .zero) == .stuck)
        #expect(health(ending: .zero) == .stuck)
    }

    @Test("Of two lines under one key the second waits for the first, those of another tenant do not")
    func keys() async throws {
        let window = Self.window()
        let key = ImportWindow.Key(tenantID: "t", text: "k")
        let first = try #require(await window.enter(line: 1, bytes: 1, key: key))
        #expect(await window.enter(line: 2, bytes: 1, key: .init(tenantID: "u", text: "k")) != nil)
        async let second = window.enter(line: 3, bytes: 1, key: key)
        // The line is done, not taken: that is enough.
        window.finish(first, [1])
        let place = try #require(await second)
        async let third = window.enter(line: 4, bytes: 0, key: key)
        window.stop(Self.problem)
        #expect(await third == nil, "it waited")
        #expect(window.earlyEnd?.resumeFrom == 4)
        window.finish(place, [3])
    }
}
