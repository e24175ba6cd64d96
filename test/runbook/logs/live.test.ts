import {setTimeout as sleep} from 'node:timers/promises'
import {beforeAll, test} from 'vitest'
import {type Certificates, makeCertificates} from '../../clients/kubernetes/support.ts'
import {count, type Lab, numbered, openLab} from './lab.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

/** Writes `rounds` lines to each container, with the time of writing. */
async function write(
  lab: Lab,
  containers: number,
  rounds: number,
  onRound: (round: number) => void = () => {},
): Promise<Map<number, number>> {
  const written = new Map<number, number>()
  const base = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(performance.now() * 1e6))
  for (let round = 0; round < rounds; round += 1) {
    onRound(round)
    for (let c = 0; c < containers; c += 1) {
      const at = base + BigInt(Math.round(performance.now() * 1e6))
      lab.logs.log(`pod-${c}`, 'app').current.write(at, numbered(c, round, at))
      written.set(c, round + 1)
    }
    await sleep(5)
  }
  return written
}

const CONTAINERS = 41
test.each<[string, (lab: Lab, round: number) => void]>([
  ['none', () => {}],
  ['reset of connections', (lab, round) => round % 100 === 50 && lab.proxy.resetConnections()],
  [
    'clean ends',
    (lab, round) => {
      if (round % 100 === 50) {
        for (let i = 0; i < 41; i += 1) lab.proxy.fail({kind: 'end', afterBytes: 3000 + i * 97}, {times: 1})
        lab.proxy.resetConnections()
      }
    },
  ],
  [
    'resets mid line',
    (lab, round) => {
      if (round % 100 === 50) {
        for (let i = 0; i < 3; i += 1) lab.proxy.fail({kind: 'reset', afterBytes: 3000 + i * 97}, {times: 1})
        lab.proxy.resetConnections()
      }
    },
  ],
  [
    'delay',
    (lab, round) => {
      if (round % 100 === 50) {
        lab.proxy.fail({kind: 'delay', milliseconds: 150}, {times: 10})
        lab.proxy.resetConnections()
      }
    },
  ],
  [
    '500',
    (lab, round) => {
      if (round % 100 === 50) {
        lab.proxy.fail({kind: 'answer', status: 500}, {times: 10})
        lab.proxy.resetConnections()
      }
    },
  ],
  [
    '503',
    (lab, round) => {
      if (round % 100 === 50) {
        lab.proxy.fail({kind: 'answer', status: 503}, {times: 60})
        lab.proxy.resetConnections()
      }
    },
  ],
  [
    '429',
    (lab, round) => {
      if (round % 100 === 50) {
        lab.proxy.fail({kind: 'answer', status: 429}, {times: 10})
        lab.proxy.resetConnections()
      }
    },
  ],
])(
  'live: %s',
  async (name, onRound) => {
    const lab = await openLab(certificates, {follow: true})
    for (let c = 0; c < CONTAINERS; c += 1) {
      lab.logs.log(`pod-${c}`, 'app')
      lab.add(`pod-${c}`)
    }
    await sleep(300)
    const t = performance.now()
    const written = await write(lab, CONTAINERS, 300, (round) => onRound(lab, round))
    await Promise.race([lab.until(CONTAINERS * 300), sleep(8000)])
    console.log(name, performance.now() - t, lab.logs.asked.length, lab.notices.length, lab.notices.slice(0, 2), count(lab.lines, written))
    await lab.stop()
    //expect(count(lab.lines, written)).toEqual({lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0})
  },
  30_000,
)
