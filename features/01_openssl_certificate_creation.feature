Feature: OpenSSL certificate creation
  Keys and certificates as the guide's OpenSSL page makes them. Everything lies in one directory, under the guide's
  file names.

  Rule: Step 1 - CA key

    @SSL-1 @performs @severity:critical
    Scenario: The CA key lies on the curve prime256v1
      When the CA key and the CA certificate are made
      Then the CA key is an EC key on prime256v1

  Rule: Step 2 - CA certificate

    @SSL-2 @performs @severity:critical
    Scenario: The CA certificate is signed by its own key for 1826 days
      When the CA key and the CA certificate are made
      Then the CA certificate is signed by its own key
      And the CA certificate is valid for 1826 days

  Rule: Step 3 - Client key

    @SSL-3 @performs
    Scenario: The client keys lie on the curve prime256v1
      When the device's key and certificate are made
      And MQTT Explorer's key and certificate are made
      Then every client key is an EC key on prime256v1

  Rule: Step 4 - Client certificate

    @SSL-4.1 @performs
    Scenario: The signing requests are made from the client keys
      When the device's key and certificate are made
      And MQTT Explorer's key and certificate are made
      Then every signing request is made from the client's key

    @SSL-4.2 @performs @severity:critical
    Scenario: The client certificates are signed by the CA for 360 days
      When the device's key and certificate are made
      And MQTT Explorer's key and certificate are made
      Then every client certificate is signed by the CA certificate
      And every client certificate is valid for 360 days
      And the CA keeps a serial file

  Rule: Step 5 - A second client for MQTT Explorer (step 8 of the edition 2024-04)

    @SSL-5 @performs
    Scenario: MQTT Explorer has a client set under a name of its own
      When the device's key and certificate are made
      And MQTT Explorer's key and certificate are made
      Then MQTT Explorer has a client set of its own

  Rule: Steps 5 to 7 of the edition 2024-04 - Verification certificate

    @SSL-V1 @performs
    Scenario: The verification key is an RSA key of 2048 bits
      When the verification key and the verification certificate are made
      Then the verification key is an RSA key of 2048 bits

    @SSL-V2 @performs @severity:critical
    Scenario: The verification request names the account's registration code
      When the verification key and the verification certificate are made
      Then the verification request names the registration code

    @SSL-V3 @performs @severity:critical
    Scenario: The verification certificate is signed by the CA for 500 days
      When the verification key and the verification certificate are made
      Then the verification certificate is signed by the CA certificate for 500 days with SHA-256
