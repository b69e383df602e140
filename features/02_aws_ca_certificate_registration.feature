Feature: AWS CA certificate registration
  Steps 1 to 8 of the registration page, stated as what is so once they are done.

  Rule: Step 1 - The certificates of the OpenSSL page

    @AWS-1 @performs @severity:blocker
    Scenario: The certificates that the registration needs exist
      When every certificate of the OpenSSL page is made
      Then the certificates of the OpenSSL page exist

  Rule: Steps 2 and 3 - AWS is open and somebody is logged in

    @AWS-2
    Scenario: AWS is reachable
      When somebody logs in to AWS
      Then AWS answers in the Region of the configuration

    @AWS-3
    Scenario: Somebody is logged in with AWS credentials
      When somebody logs in to AWS
      Then the account is the one that the run is meant for

  Rule: Step 4 - Register the CA certificate

    @AWS-4.1 @performs @severity:blocker
    Scenario: A CA certificate is registered under Security, Certificate authorities
      When the CA certificate is registered
      Then the CA certificate is listed as registered

    @AWS-4.2 @performs
    Scenario: The CA certificate is registered in the edition's mode
      When the CA certificate is registered
      Then the CA certificate has the mode of the guide's edition

    @AWS-4.3 @performs @severity:critical
    Scenario: The registered CA certificate is the one that was made
      When the CA certificate is registered
      Then the registered CA certificate is CA.crt

    @AWS-4.4 @performs @severity:critical
    Scenario: The CA certificate is Active
      When the CA certificate is registered
      Then the CA certificate is ACTIVE

    @AWS-4.5 @performs
    Scenario: Automatic certificate registration is on
      When the CA certificate is registered
      Then automatic certificate registration is ON

    @AWS-4.V @performs
    Scenario: The verification certificate is given with the CA certificate
      When the CA certificate is registered
      Then the verification certificate was given

  Rule: Step 5 - Create the policy

    @AWS-5.1 @performs @severity:blocker
    Scenario: The policy exists under the chosen name
      When the policy is created
      Then the policy exists under the chosen name

    @AWS-5.2 @performs
    Scenario: The policy has the guide's JSON
      When the policy is created
      Then the policy's default version is the guide's JSON

  Rule: Step 6 - Create the thing of the device

    @AWS-6.1 @performs @severity:blocker
    Scenario: A single thing exists for the device
      When the device's thing is created with its own certificate
      Then a thing exists for every device

    @AWS-6.2 @performs @severity:critical
    Scenario: The thing's name is the device's client ID
      When the device's firmware material is written
      Then the device's client ID is its thing's name

    @AWS-6.3 @performs @severity:critical
    Scenario: The thing uses its own certificate
      When the device's thing is created with its own certificate
      Then every device's thing has the certificate of its own file

    @AWS-6.4 @performs @severity:critical
    Scenario: The certificate's CA is the registered CA of step 4
      When the device's thing is created with its own certificate
      Then every device's certificate is registered with the CA of step 4

    @AWS-6.5 @performs @severity:critical
    Scenario: The certificate is Active
      When the device's thing is created with its own certificate
      Then every device's certificate is ACTIVE

    @AWS-6.6 @performs @severity:critical
    Scenario: The policy is attached to the certificate
      When the device's thing is created with its own certificate
      Then the policy is attached to every device's certificate

    @AWS-6.7 @performs @severity:critical
    Scenario: The material is what the firmware's header and certificate source take
      When the device's thing is created with its own certificate
      And the device's firmware material is written
      Then header and certificate source hold the device's own material

  Rule: Step 7 - Create the thing of MQTT Explorer (the guide prints "Repeat Step 5")

    @AWS-7.1 @performs @severity:critical
    Scenario: A thing exists for MQTT Explorer, complete as in step 6
      When MQTT Explorer's thing is created with its own certificate
      Then MQTT Explorer's thing has explorer.crt, ACTIVE, with the policy

    @AWS-7.2 @performs @severity:critical
    Scenario: Every thing name is unique, since it is a client ID
      When the device's thing is created with its own certificate
      And MQTT Explorer's thing is created with its own certificate
      Then the thing names and certificates are unique
