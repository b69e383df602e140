// A device for OTA updates out of other people's parts: MQTT.js, and Node's own TLS, JSON and signature check. It knows
// AWS IoT's public protocols only: jobs, streams in JSON, and the job document of FreeRTOS.
// Arguments: port, root, certificate, key, thing, certificate of the signer. Prints one line a step; ends with the job.
import crypto from 'node:crypto'
import fs from 'node:fs'
import mqtt from 'mqtt'

const [port, root, certificate, key, thing, signer] = process.argv.slice(2)
const BLOCK = 4096
const AT_ONCE = 8
const jobs = `$aws/things/${thing}/jobs`
const say = (...words) => console.log(words.join(' '))
const client = mqtt.connect(`mqtts://localhost:${port}`, {
  clientId: thing, ca: fs.readFileSync(root), cert: fs.readFileSync(certificate), key: fs.readFileSync(key), reconnectPeriod: 0,
})
let job
let done = false

const publish = (topic, body) => client.publish(topic, JSON.stringify(body), { qos: 1 })
const report = (status, reason) => publish(`${jobs}/${job.id}/update`, { status, statusDetails: { reason }, clientToken: status })

function begin(execution) {
  if (job || !execution) return
  const ota = execution.jobDocument.afr_ota
  const file = ota.files[0]
  const total = Math.ceil(file.filesize / BLOCK)
  job = { id: execution.jobId, file, base: `$aws/things/${thing}/streams/${ota.streamname}`, blocks: [], missing: new Set(Array(total).keys()) }
  say('job', job.id, file.filesize)
  report('IN_PROGRESS', 'receiving')
  client.subscribe([`${job.base}/data/json`, `${job.base}/rejected/json`], { qos: 0 }, ask)
}

function ask() {
  const first = Math.min(...job.missing)
  const bits = Buffer.alloc(AT_ONCE / 8)
  job.waiting = 0
  for (const block of job.missing) {
    if (block - first < AT_ONCE) {
      bits[(block - first) >> 3] |= 1 << ((block - first) & 7)
      job.waiting += 1
    }
  }
  publish(`${job.base}/get/json`, { c: 'ask', f: job.file.fileid, l: BLOCK, o: first, n: AT_ONCE, b: '0x' + bits.toString('hex') })
}

function keep(body) {
  const data = Buffer.from(body.p, 'base64')
  if (data.length !== body.l) return report('FAILED', 'length')
  job.blocks[body.i] = data
  job.missing.delete(body.i)
  job.waiting -= 1
  if (job.missing.size === 0) return finish()
  return job.waiting || ask()
}

function finish() {
  const image = Buffer.concat(job.blocks)
  const name = Object.keys(job.file).find((one) => one.startsWith('sig-'))
  const publicKey = new crypto.X509Certificate(fs.readFileSync(signer)).publicKey
  const good = image.length === job.file.filesize && name === 'sig-sha256-ecdsa' &&
    crypto.verify('sha256', image, publicKey, Buffer.from(job.file[name], 'base64'))
  say('image', crypto.createHash('sha256').update(image).digest('hex'), good ? 'good' : 'bad')
  report(good ? 'SUCCEEDED' : 'FAILED', good ? 'accepted' : 'signature')
}

client.on('connect', () => {
  client.subscribe(`${jobs}/notify-next`, { qos: 1 }, () => {
    say('waiting')
    publish(`${jobs}/$next/get`, { clientToken: `0:${thing}` })
  })
})
client.on('message', (topic, payload) => {
  const body = JSON.parse(payload.toString())
  if (topic === `${jobs}/notify-next` || topic === `${jobs}/$next/get/accepted`) begin(body.execution)
  else if (job && topic === `${job.base}/data/json`) keep(body)
  else if (job && topic === `${jobs}/${job.id}/update/accepted` && body.clientToken !== 'IN_PROGRESS') {
    say(body.clientToken)
    done = true
    client.end(false, () => process.exit(0))
  } else if (topic.endsWith('/rejected') || topic.endsWith('/rejected/json')) {
    say('rejected', payload.toString())
    process.exit(1)
  }
})
client.on('error', (error) => {
  if (done) return // a message that arrives while the connection ends is not acknowledged any more
  say('error', error.message)
  process.exit(1)
})
