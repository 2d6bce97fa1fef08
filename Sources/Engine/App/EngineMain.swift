import Glibc
import HTTPServer
import Logging
import NIOCore
import Participants
import Postgres
import Settings
import Telemetry

/// `sagaflow-engine`: claims runs and carries them.
@main
struct EngineMain {
    static func main() async {
        // Writing to a peer that has gone must be an error, not the end.
        signal(SIGPIPE, SIG_IGN)
        var settings = Settings(
            program: "sagaflow-engine", about: "claims due runs, calls participants, stores results.")
        let configuration = settings.read(EngineConfiguration.init)
        configuration.logs.bootstrap(service: "sagaflow-engine")
        let logger = Logger(label: "sagaflow.engine")
        let descriptors = Descriptors.raise()
        let reserve = configuration.reservedDescriptors(loops: System.coreCount)
        guard let share = descriptors.share(of: .max, reserve: reserve) else {
            settings.refuse(SettingsError(descriptors.refusal(reserve: reserve)))
        }
        if share.connections < configuration.participantConnections {
            logger.warning(
                """
                fewer connections to one participant are made than PARTICIPANT_CONNECTIONS says: the process may not \
                open more files (ulimit -n)
                """,
                metadata: ["connections": "\(share.connections)", "descriptors": "\(descriptors.limit)"])
        }
        if let warning = configuration.memory.warning { logger.warning("\(warning)") }
        do {
            try await Engine(configuration, participantConnections: share.connections, logger: logger).run()
        } catch ParticipantsError.invalidTrustRoots(let reason) {
            settings.refuse(settings.error("participant.ca.file", "can't be used: \(reason)"))
        } catch PostgresError.configuration(let reason) {
            settings.refuse(settings.error("database.url", "can't be used: \(reason)"))
        } catch {
            // Such as a port that is taken. Thrown on, it would end in a trap and pages of stack traces.
            let reason = ListenFailure.sentence(error, host: configuration.opsHost, port: configuration.opsPort)
            logger.critical("the engine can't go on", metadata: ["error": "\(reason ?? "\(error)")"])
            exit(EXIT_FAILURE)
        }
    }
}
