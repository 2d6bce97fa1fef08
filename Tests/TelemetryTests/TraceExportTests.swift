import NIOCore
import NIOHTTP1
import Testing

@testable import Telemetry

@Suite("Export of traces when the collector is there", .timeLimit(.minutes(3)))
struct TraceExportTests {
    @Test("Spans arrive in batches, posted as the standard asks")
    func delivery() async throws {
        try await TestCollector.with({ _, _ in .answer(200) }) { collector, url in
            let (statistics, _) = try await RunningExport.with(url: url) { export in
                for _ in 0..<25 { export.tracer.record(.sample()) }
                await collector.bell.wait { collector.spanCount == 25 }
                return export.log.lines
            }
            #expect(statistics == [])
            let request = try #require(collector.requests.first)
            #expect(collector.requests.map(\.spanCount).max() == 10)
            #expect(request.uri == "/v1/traces")
            #expect(request.headers["content-type"] == ["application/x-protobuf"])
            #expect(request.headers["x-key"] == ["k"])
            #expect(request.headers["user-agent"] == ["sagaflow/1"])
        }
    }

    @Test("What is left at shutdown is sent before the process ends")
    func shutdown() async throws {
        try await TestCollector.with({ _, _ in .answer(200) }) { collector, url in
            let (tracer, _) = try await RunningExport.with(url: url, { $0.delay = .seconds(600) }) { export in
                for _ in 0..<7 { export.tracer.record(.sample()) }
                return export.tracer
            }
            #expect(collector.spanCount == 7)
            #expect(tracer.statistics == Tracer.Statistics(exported: 7))
        }
    }

    @Test("A full batch does not wait for the delay")
    func fullBatch() async throws {
        try await TestCollector.with({ _, _ in .answer(200) }) { collector, url in
            _ = try await RunningExport.with(url: url, { $0.delay = .seconds(600) }) { export in
                for _ in 0..<10 { export.tracer.record(.sample()) }
                await collector.bell.wait { collector.spanCount == 10 }
            }
        }
    }

    @Test("Spans that the collector refuses of a batch it takes are counted and told", arguments: [3, 99])
    func partialSuccess(rejected: UInt64) async throws {
        var body = ProtobufWriter()
        body.message(1) {
            $0.integer(1, rejected)
            $0.text(2, "too old")
        }
        let bytes = body.bytes
        try await TestCollector.with({ _, _ in .answer(200, body: bytes) }) { _, url in
            let (export, _) = try await RunningExport.with(url: url) { export in
                for _ in 0..<10 { export.tracer.record(.sample()) }
                return export
            }
            let refused = min(10, Int(rejected))
            #expect(export.tracer.statistics == Tracer.Statistics(exported: 10 - refused, dropped: refused))
            #expect(export.log.lines.contains { $0.contains("too old") })
        }
    }

    @Test(
        "What an answer means",
        arguments: [
            (200, nil, OTLPAnswer.taken(rejected: 0, reason: "")), (202, nil, .taken(rejected: 0, reason: "")),
            (429, "3", .later(after: .seconds(3), reason: "status 429")),
            (503, "999999", .later(after: .seconds(3600), reason: "status 503")),
            (503, "-1", .later(after: nil, reason: "status 503")),
            (502, "Sun, 06 Nov 1994 08:49:37 GMT", .later(after: nil, reason: "status 502")),
            (504, nil, .later(after: nil, reason: "status 504")), (408, nil, .later(after: nil, reason: "status 408")),
            (400, "1", .refused(reason: "status 400")), (500, nil, .refused(reason: "status 500")),
            (301, nil, .refused(reason: "status 301")), (404, nil, .refused(reason: "status 404")),
        ] as [(UInt, String?, OTLPAnswer)])
    func answers(status: UInt, retryAfter: String?, meaning: OTLPAnswer) {
        #expect(OTLPAnswer(status: status, retryAfter: retryAfter, body: [0xFF, 0xFF, 0x01]) == meaning)
    }
}

@Suite("Export of traces when the collector is not well", .timeLimit(.minutes(3)))
struct TraceExportFaultTests {
    @Test("A batch that the collector can't take now is sent again, not before it asked for")
    func retry() async throws {
        let script: TestCollector.Script = { number, _ in
            number == 1 ? .answer(503, headers: [("retry-after", "1")]) : .answer(200)
        }
        try await TestCollector.with(script) { collector, url in
            let (statistics, _) = try await RunningExport.with(url: url) { export in
                export.tracer.record(.sample())
                await collector.bell.wait { collector.requests.count == 2 }
                return export.tracer
            }
            let requests = collector.requests
            #expect(requests[0].body == requests[1].body)
            #expect(requests[1].arrived - requests[0].arrived >= .seconds(1))
            #expect(statistics.statistics == Tracer.Statistics(exported: 1))
        }
    }

    @Test("What the collector refuses is not sent again, and a warning says so once")
    func refusal() async throws {
        try await TestCollector.with({ _, _ in .answer(400) }) { collector, url in
            let (export, _) = try await RunningExport.with(url: url) { export in
                for count in 1...3 {
                    export.tracer.record(.sample())
                    await collector.bell.wait { collector.requests.count == count }
                }
                return export
            }
            #expect(collector.requests.count == 3)
            #expect(export.tracer.statistics == Tracer.Statistics(dropped: 3, failedExports: 3))
            #expect(export.log.lines.count == 1)
            #expect(try #require(export.log.lines.first).contains("status 400"))
        }
    }

    @Test(
        "A collector that breaks off, hangs or never ends its answer is given up after the tries",
        arguments: [TestCollector.Reply.close, .hang, .half])
    func broken(reply: TestCollector.Reply) async throws {
        try await TestCollector.with({ _, _ in reply }) { collector, url in
            let (export, end) = try await RunningExport.with(
                url: url,
                {
                    $0.endpoint.timeout = .milliseconds(100)
                    $0.exportTimeout = .milliseconds(1500)
                }
            ) { export in
                export.tracer.record(.sample())
                await collector.bell.wait { collector.requests.count >= 2 }
                return export
            }
            #expect(export.tracer.statistics == Tracer.Statistics(dropped: 1, failedExports: 1))
            #expect(collector.requests.count <= BatchSender.tries)
            #expect(end < .seconds(3))
        }
    }

    @Test("A collector that hangs fills the queue and nothing more, and delays nobody")
    func bounded() async throws {
        try await TestCollector.with({ _, _ in .hang }) { collector, url in
            let (time, end) = try await RunningExport.with(url: url, { $0.exportTimeout = .seconds(1) }) { export in
                export.tracer.record(.sample())
                await collector.bell.wait { collector.requests.count == 1 }
                let time = ContinuousClock().measure { for _ in 0..<10_000 { export.tracer.record(.sample()) } }
                #expect(export.tracer.statistics.queued == 100)
                #expect(export.tracer.statistics.dropped == 9900)
                return time
            }
            // A microsecond or so each; what counts is that nobody waits for the collector.
            #expect(time < .seconds(1))
            #expect(end < .seconds(3))
        }
    }

    @Test("A slow collector gets everything it can take; shutdown waits for it, within the export timeout")
    func slow() async throws {
        try await TestCollector.with({ _, _ in .late(.milliseconds(200), 200) }) { collector, url in
            let (tracer, end) = try await RunningExport.with(url: url) { export in
                for _ in 0..<30 { export.tracer.record(.sample()) }
                return export.tracer
            }
            #expect(tracer.statistics == Tracer.Statistics(exported: 30))
            #expect(end < .seconds(5))
        }
    }

    @Test("A collector that is away holds nothing up at the end of the process")
    func away() async throws {
        // Nobody listens on port 1.
        let (export, end) = try await RunningExport.with(url: "http://127.0.0.1:1/v1/traces") { export in
            for _ in 0..<30 { export.tracer.record(.sample()) }
            return export
        }
        #expect(export.tracer.statistics.dropped == 30)
        #expect(end < .seconds(3))
        #expect(export.log.lines.count == 1)
    }
}
