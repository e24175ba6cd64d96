import {beforeAll, expect, test} from 'vitest'
import {type Certificates, makeCertificates} from '../../clients/kubernetes/support.ts'
import {count, numbered, openLab} from './lab.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

const START = 1_795_316_000_000_000_000n

test('41 containers', async () => {
  const lab = await openLab(certificates)
  const written = new Map<number, number>()
  for (let c = 0; c < 41; c += 1) {
    const {current} = lab.logs.log(`pod-${c}`, 'app')
    for (let n = 0; n < 2500; n += 1) {
      const at = START + BigInt(n) * 4_000_000n + BigInt(c) * 71_111n
      current.write(at, numbered(c, n, at))
    }
    current.end()
    written.set(c, 2500)
  }
  for (let i = 0; i < 60; i += 1) lab.proxy.fail({kind: i % 2 ? 'reset' : 'end', afterBytes: 10_000 + i * 997}, {times: 1})
  const t = performance.now()
  for (let c = 0; c < 41; c += 1) lab.add(`pod-${c}`)
  await lab.finish()
  console.log(performance.now() - t, lab.logs.asked.length, lab.notices.slice(0, 5), count(lab.lines, written))
  expect(count(lab.lines, written)).toEqual({lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0})
})
