import Core
import NIOCore
import NIOPosix
import Participants

/// Whether a participant's address takes a connection from here. No request is sent.
enum Reachability {
    private static let timeout = TimeAmount.seconds(2)

    /// Nil for a registration without a URL that can be read.
    static func finding(_ participant: JSON) async -> Finding? {
        guard let name = participant["name"]?.string, let url = participant["url"]?.string,
            let base = try? BaseURL(parsing: url)
        else { return nil }
        let origin = base.origin
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(timeout).connect(host: origin.host, port: origin.port).get()
            try await channel.close().get()
            return Finding(.ok, "reachable", "\(name) takes connections from here (\(origin))")
        } catch {
            return Finding(
                .warn, "reachable", "\(name) takes none from here (\(origin)): \(APIClient.reason(error))",
                advice: "engines may see it all the same; saga participant list says what they say")
        }
    }
}
