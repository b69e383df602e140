@onboard-only
Feature: An OTA update on a real board
  The last scenario of a run: the published firmware hears no command once ota has started its OTA agent. A board is named
  in dic.toml, under real_boards and among the devices to update; it is never impersonated.

  Rule: Step 15 - The board runs the job

    @OTA-15.2 @performs @board @before:differs @severity:blocker
    Scenario: A real board that is told ota runs the job to the end
      Given a real board among the devices to update, with the OTA prerequisites
      And MQTT Explorer is at hand
      And the OTA update is made
      When MQTT Explorer publishes ota on command, and the board updates itself
      Then every device's job execution has ended SUCCEEDED
