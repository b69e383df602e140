Feature: Set up MQTT Explorer
  The remote user's client: its server certificate, its connection field by field, and the connection itself.

  Rule: Registration page, step 8 - The server certificate

    @AWS-8.1 @performs @severity:critical
    Scenario: AmazonRootCA1 is stored as a PEM file
      When the server certificate is stored
      Then AmazonRootCA1 lies in the certificate directory

    @AWS-8.2 @performs @severity:critical
    Scenario: MQTT Explorer verifies the endpoint with the server certificate
      When MQTT Explorer connects
      Then MQTT Explorer verifies the endpoint with the server certificate

  Rule: Host, port and encryption

    @EXP-1 @performs @severity:critical
    Scenario: The host is the account's data endpoint
      When MQTT Explorer's connection is filled in
      Then its host is the account's data endpoint

    @EXP-2 @performs
    Scenario: The port is 8883
      When MQTT Explorer's connection is filled in
      Then its port is 8883

    @EXP-3 @performs @severity:critical
    Scenario: Encryption and certificate validation are on
      When MQTT Explorer's connection is filled in
      Then encryption and certificate validation are on

  Rule: Advanced settings

    @EXP-4 @performs
    Scenario: The topics of the guide are subscribed
      When MQTT Explorer's connection is filled in
      Then the guide's topics are subscribed

    @EXP-5 @performs @severity:critical
    Scenario: The client ID is the thing name of the certificate set
      When MQTT Explorer's connection is filled in
      Then its client ID is the thing name

    @EXP-6 @performs @severity:critical
    Scenario: Server certificate, client certificate and client key are given
      When MQTT Explorer's connection is filled in
      Then server certificate, client certificate and client key are given

  Rule: Connect

    @EXP-7 @performs @severity:blocker
    Scenario: The connection is made
      When MQTT Explorer connects
      Then MQTT Explorer is connected to the account
