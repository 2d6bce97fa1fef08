/// A definition to begin with: it is valid, and its participants are those of the demo.
package enum DefinitionTemplate {
    /// YAML, with a line feed at its end.
    package static let text = """
        # A workflow: steps that call your services, and how each is undone.
        name: my-order
        version: 1.0.0          # never changes once it is registered; what differs is a new version
        description: Takes a payment, reserves goods and confirms. What fails undoes what was done before.
        timeout: 10m            # what is not done by then is undone

        # What a run is started with; the console makes its form of the example.
        inputSchema:
          type: object
          required: [orderId, amount, sku, quantity]
          properties:
            orderId: { type: string }
            amount: { type: number, minimum: 0 }
            sku: { type: string }
            quantity: { type: integer, minimum: 1 }
            email: { type: string }
        examples:
          - { orderId: o-1, amount: 20, sku: book, quantity: 1, email: ada@example.org }

        # One after the other, unless dependsOn says otherwise.
        steps:
          - id: charge-payment
            action:
              participant: payments
              path: /charge
              body:
                orderId: ${input.orderId}
                amount: ${input.amount}
            # Called when the run is undone, also when the answer to the action never came.
            compensation:
              participant: payments
              path: /refund
              body:
                orderId: ${input.orderId}

          - id: reserve-inventory
            action:
              participant: inventory
              path: /reserve
              body:
                orderId: ${input.orderId}
                sku: ${input.sku}
                quantity: ${input.quantity}
            compensation:
              participant: inventory
              path: /release
              body:
                orderId: ${input.orderId}

          - id: confirm
            # Skipped when this is false (JsonLogic).
            when: { "!=": [{ var: input.email }, null] }
            action:
              participant: notifications
              path: /send
              body:
                orderId: ${input.orderId}
                to: ${input.email}
                template: order-confirmation
            compensation:
              participant: notifications
              path: /cancel
              body:
                orderId: ${input.orderId}

        # What the run gives back; without it, what the last step answered.
        output:
          paymentId: ${steps.charge-payment.output.paymentId}
          reservationId: ${steps.reserve-inventory.output.reservationId}

        """
}
