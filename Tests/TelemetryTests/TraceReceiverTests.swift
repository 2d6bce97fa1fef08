import Core
import TestSupport
import Testing

@testable import Telemetry

@Suite("What others make of our traces", .timeLimit(.minutes(3)))
struct TraceReceiverTests {
    private static let trace = TraceID(high: 0x0AF7_6519_16CD_43DD, low: 0x8448_EB21_1C80_319C)

    /// A request, a call within it that failed, and something of each type.
    private static let spans = [
        SpanRecord(
            name: "POST /v1/workflows/{name}/start", kind: .server,
            context: TraceContext(traceID: trace, spanID: 0x0000_0000_0000_0001, isSampled: true),
            parentSpanID: nil, start: Instant(microseconds: 1_795_000_000_123_456),
            end: Instant(microseconds: 1_795_000_000_223_457)),
        SpanRecord(
            name: "chärge ✓", kind: .client,
            context: TraceContext(traceID: trace, spanID: 0xFFFF_FFFF_FFFF_FFFF, isSampled: true, isRandom: true),
            parentSpanID: 1, start: Instant(microseconds: 1_795_000_000_130_000),
            end: Instant(microseconds: 1_795_000_000_140_000),
            attributes: [
                ("saga.step.id", .string("charge")), ("empty", .string("")), ("attempt", .int(2)), ("zero", .int(0)),
                ("negative", .int(-1)), ("most", .int(.max)), ("yes", .bool(true)), ("no", .bool(false)),
                ("share", .double(0.25)), ("nothing", .double(0)),
            ],
            error: "declined"),
    ]

    @Test("The standard's own schema reads every field, and finds none it does not know")
    func schema() async throws {
        let body = TraceRequest.encode(
            Self.spans, resource: [("service.name", .string("sagaflow-test")), ("process.pid", .int(7))],
            version: "1.2.3")
        let json = try await TraceBackend.decode(body)
        let resource = try #require(json["resourceSpans"]?[0])
        #expect(
            resource["resource"]?["attributes"]?[0] == [
                "key": "service.name", "value": ["stringValue": "sagaflow-test"],
            ])
        #expect(resource["resource"]?["attributes"]?[1] == ["key": "process.pid", "value": ["intValue": "7"]])
        let scope = try #require(resource["scopeSpans"]?[0])
        #expect(scope["scope"] == ["name": "sagaflow", "version": "1.2.3"])
        let request = try #require(scope["spans"]?[0])
        // The JSON of protocol buffers has bytes in base64: the ids 0af7…319c and 0000000000000001.
        let expected: JSON = [
            "traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "AAAAAAAAAAE=",
            "name": "POST /v1/workflows/{name}/start", "kind": "SPAN_KIND_SERVER",
            "startTimeUnixNano": "1795000000123456000", "endTimeUnixNano": "1795000000223457000", "flags": 1,
        ]
        #expect(request == expected)
        let call = try #require(scope["spans"]?[1])
        #expect(call["parentSpanId"] == "AAAAAAAAAAE=")
        #expect(call["spanId"] == "//////////8=")
        #expect(call["name"] == "chärge ✓")
        #expect(call["kind"] == "SPAN_KIND_CLIENT")
        #expect(call["flags"] == 3)
        #expect(call["status"] == ["message": "declined", "code": "STATUS_CODE_ERROR"])
        let values = (call["attributes"]?.array ?? []).map { $0["value"]?.text }
        let expectedValues = [
            #"{"stringValue":"charge"}"#, #"{"stringValue":""}"#, #"{"intValue":"2"}"#, #"{"intValue":"0"}"#,
            #"{"intValue":"-1"}"#, #"{"intValue":"9223372036854775807"}"#, #"{"boolValue":true}"#,
            #"{"boolValue":false}"#, #"{"doubleValue":0.25}"#, #"{"doubleValue":0.0}"#,
        ]
        #expect(values == expectedValues)
    }

    @Test("A tracing backend takes what we send and shows it as it was")
    func backend() async throws {
        try await TraceBackend.with { backend in
            let (export, _) = try await RunningExport.with(url: backend.endpoint + "/v1/traces") { export in
                for span in Self.spans { export.tracer.record(span) }
                for _ in 0..<30 { export.tracer.record(.sample(name: "other")) }
                return export
            }
            #expect(export.log.lines == [])
            #expect(export.tracer.statistics == Tracer.Statistics(exported: 32))
            let all = try await backend.spans(atLeast: 32)
            #expect(all.count == 32)
            let spans = try await backend.spans(of: Self.trace.description, atLeast: 2)
            let request = try #require(spans.first { $0.spanID == "0000000000000001" })
            let call = try #require(spans.first { $0.spanID == "ffffffffffffffff" })
            #expect(spans.count == 2)
            #expect(request.parentSpanID == nil && request.error == nil)
            #expect(request.start == Self.spans[0].start && request.end == Self.spans[0].end)
            #expect(call.parentSpanID == request.spanID)
            #expect(call.name == "chärge ✓")
            #expect(call.error == "declined")
            #expect(call.attributes["attempt"] == 2)
            #expect(call.attributes["saga.step.id"] == "charge")
            #expect(call.attributes["yes"] == true)
            #expect(call.attributes["share"]?.double == 0.25)
        }
    }
}
