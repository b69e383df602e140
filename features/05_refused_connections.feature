@onboard-only
Feature: Refused connections
  One thing about a connection is wrong, the rest is as the guide says. The client is told little: each scenario holds
  what it sees, and the reason that the embedded cloud kept beside it. AWS tells its reason to no client, so that on AWS
  the first alone is judged.

  Rule: The client verifies the server

    @AWS-8.2 @severity:critical
    Scenario: A client that trusts another root ends the handshake
      Given an onboarded account
      When MQTT Explorer tries to connect with a stranger's root
      Then the client is refused at stage tls: untrusted server certificate
      And the server's reason is SERVER_CERTIFICATE_REJECTED

    @AWS-8.2 @offline-only
    Scenario: The real AmazonRootCA1 does not verify the root that stands in for it offline
      Given an onboarded account
      When MQTT Explorer tries to connect with the real AmazonRootCA1
      Then the client is refused at stage tls: untrusted server certificate
      And the server's reason is SERVER_CERTIFICATE_REJECTED

    @EXP-1 @severity:critical
    Scenario: The host of another account is refused by its name
      Given an onboarded account
      When MQTT Explorer tries to connect to another account's host
      Then the client is refused at stage tls: wrong host name
      And the server's reason is SERVER_CERTIFICATE_REJECTED

  Rule: The server verifies the client

    @EXP-6 @severity:critical
    Scenario Outline: A client without its own registered certificate is refused
      Given an onboarded account
      When MQTT Explorer tries to connect <how>
      Then the client is refused at stage <stage>: <seen>
      And the server's reason is <kept>

      Examples:
        | how                           | stage   | seen                   | kept                  |
        | without a client certificate  | tls     | no client certificate  | NO_CLIENT_CERTIFICATE |
        | with a stranger's certificate | connect | closed without CONNACK | CERTIFICATE_UNKNOWN   |

    @AWS-6.5 @severity:critical
    Scenario: A client whose certificate is INACTIVE is refused
      Given an onboarded account
      When MQTT Explorer tries to connect with its certificate INACTIVE
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_INACTIVE

    @AWS-6.5 @offline-only
    Scenario: A client whose certificate is REVOKED is refused
      Given an onboarded account
      When MQTT Explorer tries to connect with its certificate REVOKED
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_REVOKED

    # Nothing read says what AWS does with a registered certificate outside its dates; the embedded cloud refuses it.
    @beyond-guide @offline-only
    Scenario Outline: A client whose certificate is outside its dates is refused
      Given an onboarded account
      When MQTT Explorer tries to connect <how>
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is <kept>

      Examples:
        | how                              | kept                      |
        | with an expired certificate      | CERTIFICATE_EXPIRED       |
        | with a certificate of the future | CERTIFICATE_NOT_YET_VALID |

    @EXP-1 @offline-only
    Scenario: A client whose certificate is registered in another Region is refused
      Given an onboarding in another Region alone
      When the client of that Region tries to connect to this one
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_UNKNOWN
      When it tries to connect to its own Region
      Then the connection is accepted

  Rule: The policy allows what the client does

    @AWS-6.6 @severity:critical
    Scenario: A client whose certificate has no policy is refused
      Given an onboarded account
      When MQTT Explorer tries to connect with no policy on its certificate
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CONNECT_NOT_AUTHORIZED

    @AWS-6.2 @offline-only @severity:critical
    Scenario: A client ID that the policy does not allow is refused
      Given an onboarded account
      And the policy lets a client connect only under its own thing's name
      When MQTT Explorer tries to connect under the device's client ID
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CONNECT_NOT_AUTHORIZED
      When MQTT Explorer tries to connect as the guide says
      Then the connection is accepted

    @EXP-4 @severity:critical
    Scenario: A subscription to $SYS ends the connection, and MQTT Explorer has it by default
      Given an onboarded account
      When MQTT Explorer tries to connect as the guide says
      And it subscribes to "$SYS/#"
      Then the client is refused at stage subscribe: dropped
      And the server's reason is TOPIC_RESERVED

    @EXP-4
    Scenario: The asterisk of light/* is a letter, the number sign of light/# a wildcard
      Given an onboarded account
      And MQTT Explorer subscribes to nothing but "light/*"
      And a lighting device is switched on
      When the light is switched on at the device
      Then nothing of it arrives at MQTT Explorer
      When MQTT Explorer subscribes to "light/#" too
      And the light is switched off at the device
      Then "off" arrives on "light/state"

  Rule: One connection for each client ID

    @AWS-7.2 @severity:critical
    Scenario: A second connection with a client ID in use drops the first
      Given an onboarded account
      When MQTT Explorer tries to connect as the guide says
      And MQTT Explorer connects a second time, under the same client ID
      Then the first connection is dropped and the second stays
      And the server's reason is DUPLICATE_CLIENTID

  Rule: The mode of the CA decides about SNI

    @AWS-4.2 @edition:2023-06 @edition:2023-08 @severity:critical
    Scenario: Without SNI a client of a multi-account CA is refused
      Given an onboarded account
      When MQTT Explorer tries to connect without SNI
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is SNI_MISSING

    @AWS-4.2 @edition:2024-04 @severity:critical
    Scenario: Without SNI a client of a single-account CA is accepted
      Given an onboarded account
      When MQTT Explorer tries to connect without SNI
      Then the connection is accepted

    # The published firmware sends no SNI: the control DIC-FIT-08 exists because of this.
    @AWS-4.2 @edition:2023-06 @edition:2023-08 @severity:critical
    Scenario: The published firmware is refused under multi-account mode
      Given an onboarded account
      When a device with the firmware profile is booted
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is SNI_MISSING
      When a device with the strict profile is booted
      Then the connection is accepted

    @AWS-4.2 @edition:2024-04 @severity:critical
    Scenario: The published firmware is accepted under single-account mode
      Given an onboarded account
      When a device with the firmware profile is booted
      Then the connection is accepted

  Rule: Automatic registration

    @AWS-4.5 @offline-only @severity:critical
    Scenario: An unknown certificate of the CA waits for activation, and works once it is activated
      Given an onboarded account
      And MQTT Explorer watches registrations
      When a device connects with a certificate of the CA that nobody registered
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_REGISTERED_NOW
      And the certificate is reported and registered as PENDING_ACTIVATION
      When the certificate is activated and gets the policy and the thing
      And a device connects with a certificate of the CA that nobody registered
      Then the connection is accepted

    @AWS-4.5 @offline-only
    Scenario: A certificate that waits for activation is refused and reported each time
      Given an onboarded account
      And MQTT Explorer watches registrations
      When a device connects with a certificate of the CA that nobody registered
      And a device connects with a certificate of the CA that nobody registered
      Then the client is refused at stage connect: closed without CONNACK
      And the server's reason is CERTIFICATE_PENDING_ACTIVATION
