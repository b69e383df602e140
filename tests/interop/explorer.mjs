// MQTT.js as MQTT Explorer uses it: reads a connection of MQTT Explorer as JSON from the first line of standard input,
// writes what happens as one JSON object a line, and ends with standard input.
// Options: MQTT Explorer, backend/src/DataSource/MqttSource.ts; what it leaves out keeps the library's default.
import readline from 'node:readline'
import mqtt from 'mqtt'

const say = (event, more = {}) => process.stdout.write(JSON.stringify({ event, ...more }) + '\n')
const file = (chosen) => (chosen ? Buffer.from(chosen.data, 'base64') : undefined)
const lines = readline.createInterface({ input: process.stdin })

function connect(connection) {
  const url = new URL(`${connection.protocol}${connection.encryption ? 's' : ''}://${connection.host}:${connection.port}/`)
  const client = mqtt.connect(url.toString(), {
    resubscribe: false,
    rejectUnauthorized: connection.certValidation,
    username: connection.username,
    password: connection.password,
    clientId: connection.clientId,
    servername: connection.encryption ? url.hostname : undefined,
    ca: file(connection.selfSignedCertificate),
    cert: file(connection.clientCertificate),
    key: file(connection.clientKey),
  })
  client.on('connect', () => {
    say('connect')
    for (const one of connection.subscriptions) {
      client.subscribe(one.topic, { qos: one.qos }, (error) => error && say('subscribe failed', { text: error.message }))
    }
  })
  client.on('message', (topic, payload, packet) => say('message', { topic, payload: payload.toString(), qos: packet.qos }))
  client.on('error', (error) => say('error', { text: error.message || error.code }))
  client.on('close', () => say('close'))
  client.on('reconnect', () => say('reconnect'))
  return client
}

let client
lines.on('line', (line) => {
  const order = JSON.parse(line)
  if (client) client.publish(order.topic, order.payload, { qos: order.qos }, (error) => say(error ? 'error' : 'published'))
  else client = connect(order)
})
lines.on('close', () => client.end(true, () => process.exit(0)))
