import ArgumentParser
import Core
import Glibc

/// `saga workflow init`.
struct WorkflowInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a definition to begin with: YAML with comments, and valid.",
        discussion: "Exit codes: 0, 1 the file is there already or can't be written, 64 wrong usage.")

    @Argument(help: "The file to write, or - for standard output (default: NAME.yaml).")
    var file: String?

    @Option(help: "The workflow's name.")
    var name = "my-order"

    @Flag(help: "Write over a file that is there.")
    var force = false

    func validate() throws {
        guard Name.isValid(name) else { throw ValidationError(Name.rule()) }
    }

    func run() async throws {
        let path = file ?? "\(name).yaml"
        let text = Skeleton.text(name: name)
        if path == "-" { return Console.tell(String(text.dropLast())) }
        let flags = O_WRONLY | O_CREAT | (force ? O_TRUNC : O_EXCL)
        let descriptor = open(path, flags, 0o644)
        guard descriptor >= 0 else {
            Console.complain(
                errno == EEXIST
                    ? "saga: \(path) is there already (--force writes over it)"
                    : "saga: \(path) can't be written: \(String(cString: strerror(errno)))")
            throw ExitCode.failure
        }
        defer { close(descriptor) }
        guard Console.write(Array(text.utf8), to: descriptor) else {
            Console.complain("saga: \(path) can't be written: \(String(cString: strerror(errno)))")
            throw ExitCode.failure
        }
        Console.tell("wrote \(path); next: saga workflow validate \(path), saga workflow apply \(path)")
    }
}

/// The definition that `init` writes.
enum Skeleton {
    /// With a line feed at its end.
    static func text(name: String) -> String {
        """
        # A workflow: steps that call your services, and how each is undone. The whole language: docs/definitions.md.
        name: \(quoted(name))
        version: 1.0.0                  # never changes once it is registered; what differs is a new version
        description: Charges and reserves; undoes both when one of them gives up.
        timeout: 10m                    # what is not done by then is undone

        # Of every action; a step may have its own. An attempt whose answer never came is repeated under the same key.
        retry: { maxAttempts: 5, initialInterval: 200ms, maxInterval: 10s }

        # One after the other unless dependsOn says otherwise.
        steps:
          - id: charge-payment
            action:
              participant: payments     # registered before: saga participant set payments http://…
              path: /charge
              timeout: 5s               # of one attempt
              body:
                orderId: ${input.orderId}
                amount: ${input.amount}
            # Called when the run is undone, also when the answer to the action never came: so it says what is to be
            # undone by what was sent, not by what came back.
            compensation:
              participant: payments
              path: /refund
              body:
                orderId: ${input.orderId}

          - id: reserve-inventory
            # Skipped when this is false (JsonLogic, jsonlogic.com).
            when: { "!=": [{ var: input.sku }, null] }
            action:
              participant: inventory
              path: /reserve
              body:
                orderId: ${input.orderId}
                sku: ${input.sku}
            compensation:
              participant: inventory
              path: /release
              body:
                orderId: ${input.orderId}

        # What the run gives back; without it, what the last step answered.
        output:
          payment: ${steps.charge-payment.output}

        """
    }

    /// A name that YAML would not take for a text (`true`, `7`) in quotes.
    private static func quoted(_ name: String) -> String {
        let isPlain = name.first?.isLetter == true && !["true", "false", "null"].contains(name)
        return isPlain ? name : "\"\(name)\""
    }
}
