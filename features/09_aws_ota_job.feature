Feature: How to create AWS OTA JOB
  Steps 1 to 15, stated as what is so once they are done; the job is run to the end on every device that it is for.

  Rule: Steps 1 to 4 - IoT Core, Remote actions, Jobs

    @OTA-1
    Scenario: AWS is reachable
      When somebody logs in to AWS
      Then AWS answers in the Region of the configuration

    @OTA-2
    Scenario: Somebody is logged in with Amazon credentials
      When somebody logs in to AWS
      Then the account is the one that the run is meant for

    @OTA-3
    Scenario: IoT Core is available in the Region
      When somebody logs in to AWS
      Then AWS answers in the Region of the configuration

    @OTA-4
    Scenario: The jobs can be listed under Manage, Remote actions
      When somebody logs in to AWS
      Then the jobs can be listed

  Rule: Steps 5 to 8 - Type, name, devices and protocol

    @OTA-5 @performs @severity:critical
    Scenario: The job is a FreeRTOS OTA update job
      When the OTA update is created
      Then its job is a FreeRTOS OTA update job

    @OTA-6 @performs
    Scenario: The job's name is unique and has no spaces
      When the OTA update is created
      Then its name is unique and has no spaces

    @OTA-7 @performs @severity:critical
    Scenario: The devices to update are the configured ones
      When the OTA update is created
      Then the devices to update are the configured ones

    @OTA-8 @performs @severity:critical
    Scenario: MQTT is the protocol of the file transfer
      When the OTA update is created
      Then MQTT is the protocol of the file transfer

  Rule: Step 9 - How the file is signed

    @OTA-9.1 @performs @severity:critical
    Scenario: Sign a new file for me
      Given the file is to be signed as "new"
      When the OTA update is created
      Then AWS has signed the new file

    @OTA-9.2 @performs @severity:critical
    Scenario: Choose a previously signed file
      Given the file is to be signed as "previous"
      When the OTA update is created
      Then the file comes from a signing job that was done before

    @OTA-9.3 @performs @severity:critical
    Scenario: Use my custom signed file
      Given the file is to be signed as "custom"
      When the OTA update is created
      Then the file has a custom signature that verifies

  Rule: Steps 10 to 14 - Profile, image, bucket, path and role

    @OTA-10 @performs @severity:critical
    Scenario: The signing profile signs the file, with ECDSA and SHA-256
      When the OTA update is created
      Then the configured signing profile signs the file
      And it signs with ECDSA and SHA-256

    @OTA-11 @performs @severity:critical
    Scenario: The image is uploaded
      When the OTA update is created
      Then the image is uploaded as it is

    @OTA-12 @performs @severity:critical
    Scenario: The image lies in the bucket, in a version of its own
      When the OTA update is created
      Then the image lies in the configured bucket

    @OTA-13 @performs
    Scenario: The path name of the file on the device is given
      When the OTA update is created
      Then a path name on the device is given

    @OTA-14 @performs @severity:critical
    Scenario: The role of the update is the OTA service role
      When the OTA update is created
      Then its role is the OTA service role

  Rule: Step 15 - The job is created, and every device runs it

    @OTA-15.1 @performs @severity:blocker
    Scenario: The job is created
      When the OTA update is created
      Then the job is created

    @E2E-3 @performs @onboard-only @severity:blocker
    Scenario: The command ota starts the OTA agent
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      And the devices to update are switched on
      When MQTT Explorer publishes ota on command
      Then the OTA agent of every device has started

    @OTA-15.2 @OTA-7 @performs @before:differs @onboard-only @severity:blocker
    Scenario Outline: Three devices at once run the job to the end, its file signed as "<choice>"
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      And the file is to be signed as "<choice>"
      And the OTA update is made
      And the devices to update are switched on
      When MQTT Explorer publishes ota on command, and every device updates itself
      Then every device's job execution has ended SUCCEEDED
      And every device runs the version of the image

      Examples:
        | choice   |
        | new      |
        | previous |
        | custom   |

    @OTA-15.2 @performs @severity:blocker
    Scenario: Every device's job execution ends SUCCEEDED
      When the OTA update is run to the end
      Then every device's job execution has ended SUCCEEDED

    @OTA-15.2 @OTA-7 @onboard-only @offline-only
    Scenario: A thing group is a target too, and its devices run the job
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      And the devices to update are in the thing group "DIC_FLEET", a target beside the first device
      And the OTA update is made
      And the devices to update are switched on
      When MQTT Explorer publishes ota on command, and every device updates itself
      Then every device's job execution has ended SUCCEEDED
      And the devices to update are the configured ones

    @OTA-15.2 @onboard-only @offline-only
    Scenario: The published firmware's own OTA agent runs the job to the end
      Given the devices to update, onboarded, with the OTA prerequisites
      And MQTT Explorer is at hand
      And the OTA update is made
      And the devices to update are switched on, with the firmware OTA agent
      When MQTT Explorer publishes ota on command, and every device updates itself
      Then every device's job execution has ended SUCCEEDED
      And every device runs the version of the image
