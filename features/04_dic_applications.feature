@onboard-only
Feature: Direct Internet Connectivity applications
  The device tells its state and takes commands over the internet; MQTT Explorer is the remote user.

  Rule: The device's state reaches MQTT Explorer

    @E2E-1 @performs @severity:blocker
    Scenario Outline: The state of a light is seen
      Given an onboarded account
      And MQTT Explorer is connected
      And a lighting device is switched on
      And its power was <before>
      When its power becomes <state>, shown as "<state>" on "light/state"
      Then MQTT Explorer shows the device's state

      Examples:
        | before | state |
        | off    | on    |
        | on     | off   |

    @E2E-1 @performs @severity:blocker @edition:2023-08 @edition:2024-04
    Scenario Outline: The state of a plug or a lock is seen
      Given an onboarded account
      And MQTT Explorer is connected
      And a <application> device is switched on
      And its <attribute> was <before>
      When its <attribute> becomes <state>, shown as "<state>" on "<topic>"
      Then MQTT Explorer shows the device's state

      Examples:
        | application | attribute | before | state  | topic       |
        | plug        | power     | off    | on     | light/state |
        | plug        | power     | on     | off    | light/state |
        | lock        | lock      | unlock | lock   | lock/state  |
        | lock        | lock      | lock   | unlock | lock/state  |

    @E2E-1 @performs @severity:blocker @edition:2024-04
    Scenario Outline: The state of a window or a thermostat is seen
      Given an onboarded account
      And MQTT Explorer is connected
      And a <application> device is switched on
      When its <attribute> becomes <value>, shown as "<shown>" on "<topic>"
      Then MQTT Explorer shows the device's state

      Examples:
        | application | attribute   | value | shown | topic                               |
        | window      | lift        | 4000  | 4000  | lift/position set                   |
        | window      | tilt        | 9000  | 9000  | tilt/position set                   |
        | thermostat  | mode        | 3     | COOL  | thermostat/systemMode               |
        | thermostat  | temperature | 2150  | 21    | LocalTemperature/Temp               |
        | thermostat  | cooling     | 2500  | 25    | OccupiedCoolingSetpoint/coolingTemp |
        | thermostat  | heating     | 2500  | 25    | OccupiedHeatingSetpoint/heatingTemp |

  Rule: A command on the topic command acts on the device

    @E2E-2 @performs @severity:blocker
    Scenario Outline: A light, a plug or a lock obeys
      Given an onboarded account
      And MQTT Explorer is connected
      And a <application> device is switched on
      When MQTT Explorer publishes "<command>" on command, for <attribute> <value>
      Then the device has acted on the command

      Examples:
        | application | command | attribute | value  |
        | lighting    | on      | power     | on     |
        | lighting    | toggle  | power     | on     |
        | plug        | on      | power     | on     |
        | lock        | unlock  | lock      | unlock |

    @E2E-2 @performs @severity:blocker @edition:2024-04
    Scenario Outline: A window or a thermostat obeys
      Given an onboarded account
      And MQTT Explorer is connected
      And a <application> device is switched on
      When MQTT Explorer publishes "<command>" on command, for <attribute> <value>
      Then the device has acted on the command

      Examples:
        | application | command      | attribute | value |
        | window      | Lift/5000    | lift      | 5000  |
        | window      | Tilt/1000    | tilt      | 1000  |
        | thermostat  | SetMode/4    | mode      | 4     |
        | thermostat  | Heating/2500 | heating   | 2500  |
        | thermostat  | Cooling/2500 | cooling   | 2500  |
