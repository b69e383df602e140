@onboard-only
Feature: Life after onboarding
  Certificates are rotated and revoked, things are taken out of service. AWS demands an order in which things are undone;
  each wrong order has its own error, and its remedy is told.

  Rule: Rotation - A thing gets a second certificate before the first is retired

    @AWS-6.3 @offline-only @severity:critical
    Scenario: The second certificate takes over before the first is set INACTIVE
      Given an onboarded account
      When the device's thing gets a second certificate
      And the device connects with its second certificate
      Then the connection is accepted
      When the device's first certificate is set INACTIVE
      And the device connects with its first certificate
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_INACTIVE
      And the connection with the second certificate works on

    @AWS-4.4 @offline-only
    Scenario: A CA certificate that is INACTIVE registers no certificate
      Given an onboarded account
      And the CA certificate is INACTIVE
      When the device's thing gets a second certificate
      Then AWS refuses iot:RegisterCertificate with CertificateStateException
      And the remedy says "register the CA certificate and set it ACTIVE"

  Rule: Revocation - A certificate that is no longer ACTIVE ends its live connection

    @AWS-6.5 @offline-only @severity:critical
    Scenario Outline: A connected client is dropped when its certificate is set <status>
      Given an onboarded account
      When MQTT Explorer tries to connect as the guide says
      And MQTT Explorer's certificate is set <status>
      Then the connection is dropped within the deadline deactivation_s
      And the server's reason is AUTH_ERROR

      Examples:
        | status   |
        | INACTIVE |
        | REVOKED  |

  Rule: Off-boarding - The right order leaves nothing behind

    @beyond-guide @offline-only @severity:critical
    Scenario: Everything that the onboarding made is removed
      Given an onboarded account
      When everything that the onboarding made is removed
      Then nothing is left in the account
      When the device connects with its first certificate
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_UNKNOWN

    @beyond-guide @offline-only
    Scenario Outline: AWS refuses that <what> is deleted too early, and the remedy is told
      Given an onboarded account
      When <what> is deleted too early
      Then AWS refuses <operation> with <code>
      And the remedy says "<remedy>"

      Examples:
        | what                        | operation               | code                      | remedy                               |
        | an ACTIVE certificate       | iot:DeleteCertificate   | CertificateStateException | set the certificate INACTIVE         |
        | a certificate with a policy | iot:DeleteCertificate   | DeleteConflictException   | detach every policy and every thing  |
        | a certificate with a thing  | iot:DeleteCertificate   | DeleteConflictException   | detach every policy and every thing  |
        | a thing with a certificate  | iot:DeleteThing         | InvalidRequestException   | detach the thing's certificates      |
        | a policy on a certificate   | iot:DeletePolicy        | DeleteConflictException   | detach the policy from every         |
        | an ACTIVE CA certificate    | iot:DeleteCACertificate | CertificateStateException | set the CA certificate INACTIVE      |

  Rule: Off-boarding - Automatic registration brings a deleted certificate back

    @AWS-4.5 @offline-only @severity:critical
    Scenario: With automatic registration ON a deleted certificate comes back when its device connects
      Given an onboarded account
      When the device's certificate is detached, set INACTIVE and deleted
      And the device connects with its first certificate
      Then the server's reason is CERTIFICATE_REGISTERED_NOW
      And the deleted certificate is back as PENDING_ACTIVATION
      And the remedy says "switch automatic registration of the CA certificate OFF"

    @AWS-4.5 @offline-only @severity:critical
    Scenario: With automatic registration OFF a deleted certificate stays away
      Given an onboarded account
      When automatic registration is switched OFF
      And the device's certificate is detached, set INACTIVE and deleted
      And the device connects with its first certificate
      Then the server's reason is CERTIFICATE_UNKNOWN
      And the deleted certificate stays away
