@onboard-only @offline-only @beyond-guide
Feature: Onboarding again
  An onboarding that was killed is done again from the same directory; two onboardings share an account. What is ours
  and what is not is told by the journal, which is written before anything is made.

  Rule: An onboarding that was killed goes on where it stopped

    @severity:critical
    Scenario Outline: An onboarding that was killed <moment> call <nth> of <operation>
      Given an onboarding that was killed <moment> call <nth> of <operation>
      When the onboarding is done again from the same directory
      Then every device's thing has the certificate of its own file
      And MQTT Explorer's thing has explorer.crt, ACTIVE, with the policy
      And one more onboarding finds everything done
      And a clean-up leaves nothing in the account

      Examples:
        | moment | nth | operation                 |
        | before | 1   | iot:RegisterCACertificate |
        | after  | 1   | iot:RegisterCACertificate |
        | after  | 1   | iot:CreatePolicy          |
        | before | 1   | iot:CreateThing           |
        | after  | 1   | iot:CreateThing           |
        | after  | 1   | iot:RegisterCertificate   |
        | after  | 1   | iot:AttachPolicy          |
        | after  | 1   | iot:AttachThingPrincipal  |
        | after  | 2   | iot:CreateThing           |
        | after  | 2   | iot:RegisterCertificate   |
        | after  | 2   | iot:AttachPolicy          |
        | after  | 2   | iot:AttachThingPrincipal  |

    Scenario Outline: An onboarding that was killed among the files of the OpenSSL page
      Given an onboarding that was killed when <files> lay in the directory
      When the onboarding is done again from the same directory
      Then every device's thing has the certificate of its own file
      And one more onboarding finds everything done

      Examples:
        | files                           |
        | CA.key                          |
        | CA.key, CA.crt                  |
        | CA.key, CA.crt, device.key      |
        | CA.key, CA.crt, explorer.key    |

  Rule: Two onboardings of one account

    @severity:critical
    Scenario: Two onboardings share a CA, and the clean-up of one leaves the other its own
      Given an onboarded account
      And a second onboarding with the same CA, for things named with _B behind
      When the second onboarding is performed
      Then the onboarding is not refused
      And MQTT Explorer of the second onboarding connects
      When what the second onboarding made is removed
      And MQTT Explorer tries to connect as the guide says
      Then the connection is accepted

    @severity:critical
    Scenario: A policy of the same name with another document is replaced only with leave to adopt
      Given somebody else's policy of the same name with another document
      When the onboarding is performed
      Then the onboarding is refused by a guard that says "--dicfix-adopt"
      When the onboarding is performed with leave to adopt
      Then the onboarding is not refused
      And the policy's default version is the guide's JSON

    @severity:critical
    Scenario: A thing that somebody else onboarded is left alone
      Given an onboarded account
      And a second onboarding with the same CA, for the same things
      When the second onboarding is performed
      Then the onboarding is refused by a guard that says "was not made by this project"
      And the second onboarding has made nothing
