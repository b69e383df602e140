Feature: AWS OTA prerequisites
  What has to be there before an OTA job can be created: the pages that "How to create AWS OTA JOB" points to.

  Rule: The bucket (ota_demo in the guide, which is no name that S3 allows)

    @PRE-1 @performs @severity:critical
    Scenario: The bucket is in the Region, keeps versions and blocks public access
      When the bucket for the images is made
      Then the bucket is in the Region of the configuration
      And the bucket keeps versions
      And public access to the bucket is blocked

  Rule: The OTA service role

    @PRE-2 @performs @severity:critical
    Scenario: The OTA service role has its trust and its rights
      When the OTA service role is made
      Then AWS IoT may assume the role, and nobody else
      And the role has the rights of AmazonFreeRTOSOTAUpdate
      And the role may pass itself
      And the role may use the objects of the bucket
      And the role is assumed for this account alone

  Rule: The caller's own permissions (no user is made)

    @PRE-3
    Scenario: The caller may make OTA jobs, passing the role included
      When somebody logs in to AWS
      Then the caller may make OTA jobs

  Rule: The code-signing certificate

    @PRE-4 @performs @severity:critical
    Scenario: The code-signing certificate is ECDSA P-256 with SHA-256, for code signing, in ACM
      When the code-signing certificate is made and imported
      Then the code-signing certificate is in ACM
      And it is ECDSA P-256 with SHA-256
      And it is for code signing
      And it has not expired

  Rule: Access to code signing for AWS IoT

    @PRE-5
    Scenario: The caller may use code signing
      When somebody logs in to AWS
      Then the caller may use code signing

  Rule: The policy of the things

    @PRE-6 @performs @severity:critical
    Scenario: The policy of the things allows the OTA topics
      When the policy is created
      Then the policy allows the OTA topics

  Rule: What is there already is found, and nothing that is not ours is altered

    @PRE-1 @PRE-2 @PRE-4 @OTA-10 @onboard-only
    Scenario: The prerequisites are made once
      Given the OTA prerequisites
      When the OTA prerequisites are made again
      Then every OTA prerequisite was found

    @PRE-4 @OTA-10 @offline-only @onboard-only
    Scenario: An Active signing profile of somebody else is reused
      Given the OTA prerequisites, made by somebody else
      When the OTA prerequisites are made again
      Then every OTA prerequisite was found

    @OTA-10 @offline-only @onboard-only
    Scenario: The name of a cancelled signing profile stays taken, and the remedy is told
      Given the OTA prerequisites
      And the signing profile is cancelled
      When the signing profile is made once more
      Then the order ends in UsageError: name another profile in dic.toml

    @PRE-1 @offline-only @onboard-only
    Scenario: A bucket of somebody else that keeps no versions is not altered
      Given the OTA prerequisites, made by somebody else
      And the bucket keeps no versions any more
      When the bucket is made once more
      Then the order ends in GuardRefused: has versioning Suspended

    @PRE-2 @offline-only @onboard-only
    Scenario: A role of somebody else that lacks a right is not altered
      Given the OTA prerequisites, made by somebody else
      And the role may not pass itself any more
      When the OTA service role is made once more
      Then the order ends in GuardRefused: lacks trust or rights

  Rule: Everything is taken apart again

    @PRE-1 @OTA-15.1 @offline-only @onboard-only @severity:critical
    Scenario: A clean-up removes the OTA half and the onboarding, and nothing else
      Given the devices to update, onboarded, with the OTA prerequisites
      And the OTA update is made
      When everything that the onboarding made is removed
      Then nothing is left in the account
      And nothing of the OTA half is left
