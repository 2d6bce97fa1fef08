import Core
import Testing

@testable import Engine

@Suite("What engines tell of their calls")
struct CallMeterTests {
    @Test("half and 99 of 100 calls took no longer than it says, and what it says is not a fifth too much")
    func quantiles() throws {
        for least in [1, 7, 900, 30_000, 2_000_000] {
            let meter = CallMeter()
            for step in 1...100 {
                meter.begin()
                meter.end(.microseconds(Int64(least * step)))
            }
            let reading = try #require(meter.read(every: .seconds(2)))
            let expected: [(told: Duration?, exact: Int)] = [(reading.p50, least * 50), (reading.p99, least * 99)]
            for (told, exact) in expected {
                let microseconds = try #require(told).microseconds
                #expect(microseconds >= Int64(exact), "\(least)")
                // A quarter of an octave wide, and the smallest are whole octaves.
                #expect(microseconds <= Int64(exact + exact / 4 + 2), "\(least): \(microseconds)")
            }
        }
    }

    @Test("calls under way are counted, those that were not sent are no answers, and a rest is forgotten")
    func counts() throws {
        let meter = CallMeter()
        #expect(meter.read(every: .seconds(2)) == nil)
        meter.begin()
        meter.begin()
        #expect(meter.read(every: .seconds(2)) == CallMeter.Reading(inFlight: 2))
        meter.end(nil)
        #expect(meter.read(every: .seconds(2)) == CallMeter.Reading(inFlight: 1))
        meter.end(.milliseconds(5))
        #expect(meter.read(every: .seconds(2))?.p50 != nil)
        var readings = 1
        while meter.read(every: .seconds(2)) != nil { readings += 1 }
        #expect((10...20).contains(readings), "it is told of for half a minute: \(readings)")
    }

    @Test("as many calls as come each second are told of, whatever came before")
    func rate() throws {
        let meter = CallMeter()
        for _ in 0..<40 {
            for _ in 0..<20 {
                meter.begin()
                meter.end(.milliseconds(5))
            }
            _ = meter.read(every: .seconds(2))
        }
        for _ in 0..<20 {
            meter.begin()
            meter.end(.milliseconds(5))
        }
        let told = try #require(meter.read(every: .seconds(2))?.perSecond)
        #expect(told > 9.9 && told < 10.1, "\(told)")
    }

    @Test("a report is bounded, the busiest come first, and nobody's take another's places")
    func report() throws {
        var readings: [ParticipantID: CallMeter.Reading] = [:]
        for number in 0..<100 {
            readings[ParticipantID("p\(number)", of: .shared)] = .init(inFlight: 0, perSecond: Double(number) / 100)
            readings[ParticipantID("own\(number)", of: .tenant("a"))] = .init(inFlight: number)
        }
        readings[ParticipantID("x", of: .tenant("b"))] = .init(
            inFlight: 1, perSecond: 12.345, p50: .microseconds(1250), p99: .milliseconds(80))
        let (shared, own) = TrafficReport.json(readings)
        #expect(shared.object?.count == ParticipantReport.maxParticipants)
        #expect(shared["p99"] != nil && shared["p1"] == nil)
        #expect(own["a"]?.object?.count == ParticipantReport.maxOfTenant && own["a"]?["own99"]?["inFlight"] == 99)
        #expect(
            own["b"]?["x"]?.text == #"{"inFlight":1,"perSecond":12.35,"p50Ms":1.25,"p99Ms":80}"#,
            "\(own["b"]?.text ?? "")")
        #expect(shared.bytes.count + own.bytes.count < 8192)
    }
}
