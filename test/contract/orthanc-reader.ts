import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {openOrthancReader} from '../../src/lib/clients/orthanc/index.ts'
import type {OrthancReader} from '../../src/lib/clients/orthanc/types.ts'
import {directNetwork} from '../../src/lib/clients/reach/index.ts'
import {MARKER, type OrthancCase, type OrthancServers} from './orthanc-stage.ts'

const MINUTE = 60_000
const USER = {name: 'probe', password: 'open-sesame', forbidden: []}
const CLERK = {name: 'clerk', password: 'pässword', forbidden: ['/changes', '/statistics']}
const {signal} = new AbortController()

function readerOf(orthanc: OrthancCase, user: {readonly name: string; readonly password: string} | null): OrthancReader {
  const credentials = user === null ? null : {username: user.name, password: user.password, source: 'the test'}
  const addresses = [{host: '127.0.0.1', port: orthanc.port}] as const
  const access = {server: 'Orthanc', addresses, network: directNetwork, tls: null, credentials, path: ''}
  return openOrthancReader(access, {timeoutMs: 10_000, clock: () => performance.now()})
}

/** The client of Orthanc on any Orthanc. */
export function orthancReaderSuite(servers: OrthancServers): void {
  let orthanc: OrthancCase
  let user: OrthancReader
  beforeAll(async () => {
    await servers.prepare()
    orthanc = await servers.startOrthanc({users: [USER, CLERK], isLosable: true})
    user = readerOf(orthanc, USER)
  })
  afterAll(async () => {
    user.close()
    await orthanc.stop()
  })

  const QUESTIONS = ['alive', 'system', 'studies', 'database', 'statistics', 'jobs'] as const

  test('every question to somebody who may ask', async () => {
    const answers = []
    for (const question of QUESTIONS) answers.push(await user[question]('user', signal))
    expect(answers).toMatchObject([
      {value: true, failure: null},
      {value: {version: expect.stringMatching(/^1\.\d+\.\d+/), dicomAet: 'ORTHANC', dicomPort: orthanc.dicomPort}},
      {value: true},
      {value: true},
      {value: {diskSize: expect.any(Number), instances: expect.any(Number)}},
      {value: []},
    ])
    expect(JSON.stringify(answers)).not.toMatch(MARKER)
  })

  test.each(QUESTIONS)('%s, to nobody: credentials are missing', async (question) => {
    expect(await user[question]('nobody', signal)).toMatchObject({failure: {kind: 'credentials', status: 401}})
  })

  test('wrong credentials', async () => {
    const stranger = readerOf(orthanc, {name: 'probe', password: 'wrong'})
    expect(await stranger.system('user', signal)).toMatchObject({failure: {kind: 'credentials', status: 401}})
    stranger.close()
  })

  test('a user with an umlaut in the password, from whom routes are kept', async () => {
    const clerk = readerOf(orthanc, CLERK)
    expect(await clerk.system('user', signal)).toMatchObject({failure: null})
    for (const question of ['database', 'statistics'] as const) {
      expect(await clerk[question]('user', signal)).toMatchObject({failure: {kind: 'forbidden', status: 403}})
    }
    clerk.close()
  })

  test('a job that failed: when, and nothing else', async () => {
    await orthanc.failJob()
    const {value} = await user.jobs('user', signal)
    expect(value).toEqual([{state: 'Failure', completedAt: expect.any(Number)}])
    expect(Math.abs((value?.[0]?.completedAt ?? 0) - Date.now())).toBeLessThan(MINUTE)
  })

  describe('C-ECHO', () => {
    const target = {called: 'ORTHANC', calling: 'SAPOCHE'}

    test('echoed', async () => {
      expect(await user.echo({...target, port: orthanc.dicom}, signal)).toMatchObject({kind: 'echoed', words: ''})
    })

    test('to a title that is not its own', async () => {
      expect(await user.echo({...target, called: 'SOMEBODY', port: orthanc.dicom}, signal)).toMatchObject({
        kind: 'rejected',
        words: expect.stringMatching(/called AE title/),
      })
    })

    test('to a port that speaks HTTP', async () => {
      const {kind} = await user.echo({...target, port: orthanc.port}, signal)
      expect(['foreign', 'closed', 'aborted']).toContain(kind)
    })
  })

  test('its database goes away', async () => {
    await orthanc.loseDatabase()
    expect(await user.alive('user', signal)).toMatchObject({failure: null})
    for (const question of ['studies', 'database', 'statistics'] as const) {
      expect(await user[question]('user', signal)).toMatchObject({
        failure: {kind: 'error', status: 503, orthancStatus: 36, words: expect.stringContaining('the database is unavailable')},
      })
    }
  })
}
