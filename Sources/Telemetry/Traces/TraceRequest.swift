import Core

/// One batch of spans as the body of an OTLP request: `ExportTraceServiceRequest` of opentelemetry-proto 1.x. The
/// numbers are the fields' numbers there.
enum TraceRequest {
    /// - Parameters:
    ///   - spans: the batch.
    ///   - resource: what the process is.
    ///   - version: of sagaflow, which is the instrumentation's scope; "" when it is not known.
    static func encode(
        _ spans: [SpanRecord], resource: [(key: String, value: SpanRecord.AttributeValue)], version: String
    ) -> [UInt8] {
        var request = ProtobufWriter()
        request.message(1) { resourceSpans in
            resourceSpans.message(1) { write(resource, field: 1, to: &$0) }
            resourceSpans.message(2) { scopeSpans in
                scopeSpans.message(1) { scope in
                    scope.text(1, "sagaflow")
                    scope.text(2, version)
                }
                for span in spans { scopeSpans.message(2) { write(span, to: &$0) } }
            }
        }
        return request.bytes
    }

    private static func write(_ span: SpanRecord, to message: inout ProtobufWriter) {
        message.words(1, span.context.traceID.high, span.context.traceID.low)
        message.words(2, span.context.spanID)
        if let parent = span.parentSpanID { message.words(4, parent) }
        message.text(5, span.name)
        message.integer(6, UInt64(span.kind.rawValue))
        message.fixed64(7, nanoseconds(span.start))
        message.fixed64(8, nanoseconds(span.end))
        write(span.attributes, field: 9, to: &message)
        if let error = span.error {
            message.message(15) { status in
                status.text(2, error)
                status.integer(3, 2)  // STATUS_CODE_ERROR
            }
        }
        message.fixed32(16, UInt32(span.context.flags))
    }

    private static func write(
        _ attributes: [(key: String, value: SpanRecord.AttributeValue)], field: UInt64,
        to message: inout ProtobufWriter
    ) {
        for (key, value) in attributes {
            message.message(field) { keyValue in
                keyValue.text(1, key)
                keyValue.message(2) { anyValue in
                    switch value {
                    case .string(let text): anyValue.chosenText(1, text)
                    case .bool(let flag): anyValue.integer(2, flag ? 1 : 0)
                    case .int(let number): anyValue.integer(3, UInt64(bitPattern: Int64(number)))
                    case .double(let number): anyValue.fixed64(4, number.bitPattern)
                    }
                }
            }
        }
    }

    private static func nanoseconds(_ instant: Instant) -> UInt64 {
        UInt64(clamping: instant.microseconds).multipliedReportingOverflow(by: 1000).partialValue
    }
}
