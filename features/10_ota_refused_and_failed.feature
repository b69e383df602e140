@onboard-only @offline-only
Feature: OTA updates that are refused or fail
  One thing about an OTA update is wrong, the rest is as the guide says. What AWS can tell it refuses, or ends in
  CREATE_FAILED with a reason; the rest shows at the device, whose OTA agent says why. The published firmware says nothing.

  Rule: Refused before anything is made

    @OTA-11 @severity:critical
    Scenario: A truncated image is refused before its upload
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered with half an image
      Then the order ends in MaterialError: has a tag

    @OTA-11 @OTA-7 @severity:critical
    Scenario: An image for several devices that carries the identity of one is refused before its upload
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered with an image that carries a device's client ID
      Then the order ends in MaterialError: client ID SQA_DIC_C2

    @OTA-6
    Scenario: A name with spaces is refused
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered under a name with spaces
      Then the order ends in InvalidRequestException: otaUpdateId

    @OTA-6 @severity:critical
    Scenario: A second update of the same name is refused
      Given the devices to update, onboarded, with the OTA prerequisites
      And the OTA update is made
      When the same OTA update is ordered a second time
      Then the order ends in ResourceAlreadyExistsException: already exists

  Rule: Taken, and then CREATE_FAILED with the matching reason

    @PRE-2 @PRE-1 @OTA-15.1 @severity:critical
    Scenario Outline: An update ordered <how> ends in CREATE_FAILED
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered <how>
      Then the order ends in OtaUpdateFailed: <reason>
      And the order's remedy says "<remedy>"
      When the OTA prerequisites are put right, and the update is ordered again
      Then the order is carried out

      Examples:
        | how                                                 | reason                 | remedy                        |
        | with a role that may not pass itself                | iam:PassRole           | let the role pass itself      |
        | with a role that may not use the bucket             | S3 object              | let the role read and write   |
        | with a role without AmazonFreeRTOSOTAUpdate         | signer:StartSigningJob | signing profile               |
        | with a role that trusts AWS IoT for another account | sts:AssumeRole         | let iot.amazonaws.com assume  |
        | with a bucket that keeps no versions                | versioning             | switch the bucket's versioning |

    @OTA-7 @OTA-15.1
    Scenario: An update for a thing that is not there ends in CREATE_FAILED
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered for a thing that is not there too
      Then the order ends in OtaUpdateFailed: NOT_THERE
      And the order's remedy says "create the thing"

  Rule: Created, and then failed by the device

    @OTA-9.3 @OTA-15.2 @severity:critical
    Scenario Outline: The device finds no right signature of an update ordered <how>
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      When an OTA update is ordered <how>
      And the devices to update are switched on and told ota
      Then every device's job execution ends FAILED: 0x000000e3
      And every device runs version 0.9.2

      Examples:
        | how                                        |
        | with the signature of another key          |
        | with SHA-256 spelt with a dash             |
        | with a profile that signs by RSA and SHA-1 |

    @OTA-10 @severity:critical
    Scenario: A profile that signs by RSA and SHA-1 is told from the guide's
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered with a profile that signs by RSA and SHA-1
      Then the control DIC-OTA-08 fails: RSA with SHA1

    @OTA-9.3
    Scenario: SHA-256 spelt with a dash is told from SHA256
      Given the devices to update, onboarded, with the OTA prerequisites
      When an OTA update is ordered with SHA-256 spelt with a dash
      Then the control DIC-OTA-14 fails: ECDSA with SHA-256

    @OTA-8 @severity:critical
    Scenario: A device that is built for MQTT refuses a file by HTTP alone
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      When an OTA update is ordered over HTTP alone
      And the devices to update are switched on and told ota
      Then every device's job execution ends FAILED: 0x0000000c
      And the control DIC-OTA-04 fails: observed HTTP

    @OTA-15.2
    Scenario Outline: The new version does not replace a version that is not older: <how>
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      When an OTA update is ordered <how>
      And the devices to update are switched on and told ota
      Then every device's job execution ends FAILED: <reason>
      And every device runs version 0.9.2

      Examples:
        | how                                          | reason               |
        | with an image of the older version 0.9.1     | rejected: 0x0000000f |
        | with an image of the version 0.9.2 that runs | rejected: 0x00000010 |
        | with half an image that nobody looked at     | rejected: 0x00000010 |

    @OTA-15.2 @severity:critical
    Scenario: The published firmware verifies no signature, and says SUCCEEDED
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      When an OTA update is ordered with the signature of another key
      And the devices to update are switched on with the firmware OTA agent and told ota
      Then every device's job execution ends SUCCEEDED: accepted

  Rule: What happens to a download

    @OTA-15.2 @severity:critical
    Scenario: A block that was altered on the way is found by the signature
      Given three devices that wait for the command ota, and an OTA update for them
      When a block is altered on the way to the first device
      And every device is told ota and ends
      Then the first device's job execution ends FAILED: 0x000000e3
      And the other devices' job executions end SUCCEEDED: accepted

    @OTA-15.2
    Scenario: A block that was lost is asked for again
      Given three devices that wait for the command ota, and an OTA update for them
      When a block is lost on the way to the first device
      And every device is told ota and ends
      Then every device's job execution ends SUCCEEDED: accepted

    @OTA-15.2 @severity:critical
    Scenario: A connection that breaks during the download is made again
      Given three devices that wait for the command ota, and an OTA update for them
      When the first device's connection breaks during the download
      And every device is told ota and ends
      Then every device's job execution ends SUCCEEDED: accepted

    @OTA-15.2 @severity:critical
    Scenario: A device that was off runs the job when it comes back
      Given three devices that wait for the command ota, and an OTA update for them
      And the first device is switched off
      When every device is told ota, and all but the first end
      Then the first device's job execution is QUEUED
      When the first device comes back and is told ota
      Then every device's job execution ends SUCCEEDED: accepted

    @OTA-15.2
    Scenario: A device that loses its power during the download begins anew
      Given three devices that wait for the command ota, and an OTA update for them
      When the first device loses its power during the download
      And the first device comes back and is told ota
      Then every device's job execution ends SUCCEEDED: accepted

    @OTA-15.2 @severity:critical
    Scenario: A job that is cancelled during the download is let go by the device
      Given three devices that wait for the command ota, and an OTA update for them
      When the job is cancelled during the first device's download
      Then the first device's job execution is CANCELED
      And the first device has let go of the job
      And the first device runs version 0.9.2

    @OTA-15.2 @severity:critical
    Scenario: Two jobs that wait are run one after the other
      Given three devices that wait for the command ota, and an OTA update for them
      When an OTA update is ordered with an image of the version 0.9.4
      And every device is told ota and ends both jobs
      Then every device runs version 0.9.4
