import Core
import Testing
import TestSupport

@Suite("Which members of events are payloads")
struct EventPayloadTests {
    @Test("no member of any event that counts as plain holds what clients or participants gave")
    func plain() throws {
        let events = eventsOfEachKind("c4n4ry", child: RunID(high: 1, low: 2))
        #expect(Set(events.map(\.kind)) == Set(RunEventKind.allCases), "an event of each kind")
        let numbering = StepNumbering(try WorkflowDefinition.sampleChain(1))
        for event in events {
            for (name, value) in EventRow(event, of: numbering).data?.object?.members ?? [] {
                let isSecret = value.text.contains("c4n4ry")
                #expect(isSecret == (event.kind.holds(name) != .plain), "\(event.kind) \(name): \(value.text)")
            }
        }
    }

    @Test("a message is passed on where it is known to repeat nothing, and nowhere else")
    func messages() {
        for event in eventsOfEachKind("c4n4ry", child: RunID(high: 1, low: 2)) {
            let failure: Failure? =
                switch event {
                case .attemptFailed(_, _, _, _, let failure, _), .stepFailed(_, let failure), .runFailed(let failure),
                    .childUndoFailed(_, let failure):
                    failure
                default: nil
                }
            guard let failure else { continue }
            #expect(!failure.plainMessage.contains("c4n4ry"), "\(failure)")
            #expect(failure.message.contains("c4n4ry") == (failure.plainMessage != failure.message), "\(failure)")
        }
    }
}
